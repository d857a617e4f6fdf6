// Writes what retrieval was measured on, and how every query fared, for other tools.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

#include <t2ue/core/config.hpp>
#include <t2ue/eval/retrieval.hpp>

namespace t2ue {

/// The pictures and captions that took part in a retrieval, and its result. Picture i is `keys[i]`; caption j
/// is the text `captions[j]` of picture `owner[j]`. Features are rows of length 1.
struct RetrievalExport {
  std::span<const std::string> keys, captions;
  std::span<const int64_t> owner;
  std::span<const float> image_features, text_features;  ///< [pictures, dim], [captions, dim]
  int64_t dim = 0;
  const RetrievalResult& result;
};

/// Writes into `folder`, which is made:
/// - features.safetensors: `image_features`, `text_features` (F32, unit rows) and `owner` (I64);
/// - pictures.jsonl, captions.jsonl: what row i of either is, {"row", "key"} and {"row", "key", "caption"};
/// - image_to_text.jsonl, text_to_image.jsonl: a line a query, {"row", "rank", "rank_optimistic",
///   "rank_pessimistic"}, ranks from 1 as RetrievalDirection defines them;
/// - retrieval.json, `summary`, at the very end: a folder whose writing was interrupted has none.
/// Every file is written atomically. Throws Error if the folder is there and not empty or cannot be written,
/// and if the numbers of keys, captions, owners, features and ranks do not fit.
void export_retrieval(const std::filesystem::path& folder, const RetrievalExport& what,
                      const nlohmann::json& summary);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/eval/retrieval_export.inl.hpp>
#endif

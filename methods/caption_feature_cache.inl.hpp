#pragma once

#include <algorithm>
#include <nlohmann/json.hpp>

#include <t2ue/core/folders.hpp>
#include <t2ue/core/json_reader.hpp>
#include <t2ue/core/sha256.hpp>
#include <t2ue/methods/caption_feature_cache.hpp>
#include <t2ue/optim/checkpoint.hpp>

namespace t2ue {

namespace detail {

inline constexpr const char* caption_features_kind = "caption features";

inline std::string caption_features_key(CaptionEncoder& encoder, std::span<const std::string> captions) {
  const TextConfig& config = encoder.config();
  Sha256 hash;
  // Shapes are hashed with the weights.
  hash.update(concat(encoder.parameters().sha256(), ' ', config.transformer.heads, ' ',
                     name_of(config.transformer.activation), ' ',
                     static_cast<int>(encoder.parameters().device().kind), ' '));
  hash.update(encoder.tokenizer().to_json());
  for (const std::string& caption : captions) hash.update(concat('\n', caption.size(), ' ')).update(caption);
  return hash.hex();
}

inline std::string rows_sha256(const std::vector<float>& rows) {
  Sha256 hash;
  hash.update(rows.data(), rows.size() * sizeof(float));
  return hash.hex();
}

inline std::vector<float> read_caption_features(const std::filesystem::path& file, const std::string& key,
                                                int64_t count) {
  const CheckpointReader reader(file, caption_features_kind);
  const nlohmann::json state = parse_json(reader.state(), file.string());
  const auto text = [&](const char* name) { return state.is_object() ? state.value(name, "") : ""; };
  try {
    check(text("key") == key, "caption features", file, " holds those of other captions or weights");
    std::vector<float> rows = reader.floats("features", count);
    check(text("sha256") == rows_sha256(rows), "caption features", file, " is damaged");
    return rows;
  } catch (const nlohmann::json::exception&) {
    fail("caption features", file, " is damaged");
  }
}

/// In whole batches of the encoder, so that the bits are those of one call.
inline std::vector<float> compute_caption_features(CaptionEncoder& encoder,
                                                   std::span<const std::string> captions,
                                                   const CaptionProgress& progress) {
  constexpr size_t part = 256;
  std::vector<float> rows;
  rows.reserve(captions.size() * static_cast<size_t>(encoder.config().embed_dim));
  for (size_t begin = 0; begin < captions.size(); begin += part) {
    const size_t count = std::min(part, captions.size() - begin);
    const std::vector<float> some = encoder.encode(captions.subspan(begin, count));
    rows.insert(rows.end(), some.begin(), some.end());
    if (progress) progress(static_cast<int64_t>(begin + count), static_cast<int64_t>(captions.size()));
  }
  return rows;
}

}  // namespace detail

T2UE_INLINE std::filesystem::path caption_features_file(CaptionEncoder& encoder,
                                                        std::span<const std::string> captions,
                                                        const std::filesystem::path& cache) {
  return cache / (detail::caption_features_key(encoder, captions) + ".safetensors");
}

T2UE_INLINE CachedFeatures caption_features(CaptionEncoder& encoder, std::span<const std::string> captions,
                                            const std::filesystem::path& cache,
                                            const CaptionProgress& progress) {
  CachedFeatures result;
  if (cache.empty()) {
    result.rows = detail::compute_caption_features(encoder, captions, progress);
    return result;
  }
  const std::string key = detail::caption_features_key(encoder, captions);
  const std::filesystem::path file = cache / (key + ".safetensors");
  const int64_t width = encoder.config().embed_dim, count = static_cast<int64_t>(captions.size());
  std::error_code none;  // what cannot be looked at is reported by writing
  if (std::filesystem::exists(file, none)) {
    try {
      result.rows = detail::read_caption_features(file, key, count * width);
      result.from_cache = true;
      return result;
    } catch (const Error& error) {
      result.remark = concat(error.what(), "; it is made anew");
    }
  }
  result.rows = detail::compute_caption_features(encoder, captions, progress);
  make_folder(cache);
  CheckpointWriter writer;
  writer.add("features", {count, width}, result.rows);
  writer.save(file, detail::caption_features_kind,
              {{"key", key}, {"sha256", detail::rows_sha256(result.rows)}});
  return result;
}

}  // namespace t2ue

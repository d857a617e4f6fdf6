// What tests/reference/clip_tokens.py wrote.
#pragma once

#include <nlohmann/json.hpp>
#include <paths.hpp>
#include <string>

#include <t2ue/core/atomic_file.hpp>

namespace t2ue::testing_data {

using testing_paths::reference_path;

/// Tokens of the vocabulary in clip_bpe.
inline constexpr int tiny_size = 764;

/// OpenAI's vocabulary, which may not be there.
inline std::filesystem::path published_vocabulary() {
  return testing_paths::data_pack("clip-bpe/bpe_simple_vocab_16e6.txt.gz");
}

inline nlohmann::json reference_json(const std::string& name) {
  return nlohmann::json::parse(read_text(reference_path(name)));
}

}  // namespace t2ue::testing_data

#pragma once

#include <algorithm>
#include <system_error>

#include <t2ue/core/atomic_file.hpp>
#include <t2ue/core/error.hpp>
#include <t2ue/data/text/tokenizer.hpp>

namespace t2ue {

namespace detail {
/// Whether `text` is JSON of ours with this "format". CLIP parts words into letters and signs, so no token in
/// a tokenizer.json or vocab.json is spelt like it.
inline bool has_format(std::string_view text, const char* format) {
  return text.starts_with('{') && text.find(concat('"', format, '"')) != std::string_view::npos;
}
}  // namespace detail

T2UE_INLINE Tokenizer Tokenizer::from_json(std::string_view json) {
  if (detail::has_format(json, "clip-bpe")) return ClipTokenizer(ClipVocabulary::from_json(json));
  return BytePairTokenizer::from_json(json);
}

T2UE_INLINE Tokenizer Tokenizer::load(const std::filesystem::path& path, int clip_size) {
  std::error_code none;  // a path that cannot be looked at is reported by what reads it
  if (std::filesystem::is_directory(path, none)) return ClipTokenizer::load(path, clip_size);
  const std::string text = read_text(path, 64 << 20);
  if (!detail::has_format(text, "t2ue-bpe") && !detail::has_format(text, "clip-bpe"))
    return ClipTokenizer::load(path, clip_size);
  try {
    return from_json(text);
  } catch (const Error& error) {
    const std::string_view what = error.what();
    fail("tokenizer", path, ": ", what.substr(what.find(']') + 2));
  }
}

T2UE_INLINE std::vector<int32_t> Tokenizer::encode(std::string_view text, int context_length) const {
  return std::visit([&](const auto& tokenizer) { return tokenizer.encode(text, context_length); }, either_);
}

T2UE_INLINE std::vector<int32_t> Tokenizer::encode_batch(std::span<const std::string> texts,
                                                         int context_length) const {
  return std::visit([&](const auto& tokenizer) { return tokenizer.encode_batch(texts, context_length); },
                    either_);
}

T2UE_INLINE std::vector<int32_t> Tokenizer::end_positions(std::span<const int32_t> ids,
                                                          int context_length) const {
  check(context_length >= 2 && ids.size() % static_cast<size_t>(context_length) == 0, "tokenizer", ids.size(),
        " token numbers are not rows of ", context_length);
  const int32_t end = end_token();
  std::vector<int32_t> positions;
  positions.reserve(ids.size() / static_cast<size_t>(context_length));
  for (auto row = ids.begin(); row != ids.end(); row += context_length) {
    const auto found = std::find(row, row + context_length, end);
    check(found != row + context_length, "tokenizer", "row ", positions.size(), " has no end token, number ",
          end);
    positions.push_back(static_cast<int32_t>(found - row));
  }
  return positions;
}

T2UE_INLINE std::string Tokenizer::decode(std::span<const int32_t> tokens) const {
  return std::visit([&](const auto& tokenizer) { return tokenizer.decode(tokens); }, either_);
}

T2UE_INLINE int Tokenizer::vocab_size() const {
  return std::visit([](const auto& tokenizer) { return tokenizer.vocab_size(); }, either_);
}

T2UE_INLINE std::string Tokenizer::to_json() const {
  if (const auto* clip = std::get_if<ClipTokenizer>(&either_)) return clip->vocabulary().to_json();
  return std::get<BytePairTokenizer>(either_).to_json();
}

}  // namespace t2ue

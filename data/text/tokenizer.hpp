// Captions to token numbers, by our own vocabulary or by CLIP's.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <t2ue/core/config.hpp>
#include <t2ue/data/text/bpe.hpp>
#include <t2ue/data/text/clip_tokenizer.hpp>

namespace t2ue {

/// A tokenizer of either kind, by value; made from a BytePairTokenizer or a ClipTokenizer without a word.
/// Both pad with 0, and their end token is their largest number, so that its position is the argmax at which
/// CLIP reads a text's features. Thread-safe.
class Tokenizer {
 public:
  static constexpr int32_t pad_token = 0;

  Tokenizer(BytePairTokenizer tokenizer) : either_(std::move(tokenizer)) {}
  Tokenizer(ClipTokenizer tokenizer) : either_(std::move(tokenizer)) {}

  /// Reads what to_json() wrote to a file, such as our ".vocab.json", or any form that ClipVocabulary::load()
  /// reads, with `clip_size` tokens. Which it is shows by its content. Throws Error, naming the file, if it
  /// is none of them or damaged.
  static Tokenizer load(const std::filesystem::path& path, int clip_size = ClipVocabulary::published_size);

  /// Start token, the text's tokens, end token, zeros: exactly `context_length` (at least 2) numbers. A
  /// longer text is cut, and still ends with the end token. Throws Error if CLIP's vocabulary is to encode
  /// what is not UTF-8.
  std::vector<int32_t> encode(std::string_view text, int context_length) const;

  /// encode() of every text: [N, context_length]. An Error says which text is at fault.
  std::vector<int32_t> encode_batch(std::span<const std::string> texts, int context_length) const;

  /// For every row of `ids` [N, context_length], which encode_batch() gave, where its first end token is.
  std::vector<int32_t> end_positions(std::span<const int32_t> ids, int context_length) const;

  /// The text of tokens, for display. Throws Error for a number outside the vocabulary.
  std::string decode(std::span<const int32_t> tokens) const;

  int vocab_size() const;
  int32_t start_token() const { return vocab_size() - 2; }
  int32_t end_token() const { return vocab_size() - 1; }

  /// The whole vocabulary: BytePairTokenizer::to_json() or ClipVocabulary::to_json().
  std::string to_json() const;
  /// Throws Error unless `json` is what to_json() may give.
  static Tokenizer from_json(std::string_view json);

 private:
  std::variant<BytePairTokenizer, ClipTokenizer> either_;
};

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/data/text/tokenizer.inl.hpp>
#endif

// The byte-pair vocabulary of OpenAI's CLIP, in the forms in which it is published.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <t2ue/core/config.hpp>

namespace t2ue {

/// Tokens 0..255 are the bytes (first the 188 printable ones of Latin-1, then the others), 256..511 the bytes
/// that end a word, then one for each merge, then start and end, which is the largest number. A merge joins
/// two tokens that come before it. The published vocabulary has 49,408 tokens, of 48,894 merges.
class ClipVocabulary {
 public:
  static constexpr int published_size = 49'408;
  static constexpr int min_size = 514;  ///< no merges at all

  /// Reads `path`, which is one of: OpenAI's "bpe_simple_vocab_16e6.txt.gz" (or unpacked), or Hugging Face's
  /// "merges.txt", of which the first `size` - 514 merges are used; "tokenizer.json"; "vocab.json", with
  /// "merges.txt" beside it; or a folder with any of these. Throws Error, naming the file, if it is cut off,
  /// holds fewer merges or another number of tokens than `size` asks for, or contradicts itself.
  static ClipVocabulary load(const std::filesystem::path& path, int size = published_size);

  /// The same from memory: lines of two tokens each behind a line with "#version:", gzipped or not.
  static ClipVocabulary from_merges(std::string_view bytes, int size = published_size);
  static ClipVocabulary from_tokenizer_json(std::string_view json, int size = published_size);
  static ClipVocabulary from_vocab_json(std::string_view vocab_json, std::string_view merges,
                                        int size = published_size);

  /// What from_merges() reads.
  std::string to_merges() const;
  /// The vocabulary as JSON: {"format": "clip-bpe", "version": 1, "merges": to_merges()}; the published one
  /// takes half a million bytes.
  std::string to_json() const;
  /// Throws Error unless `json` is what to_json() may give.
  static ClipVocabulary from_json(std::string_view json);

  int size() const { return static_cast<int>(texts_.size()) + 2; }
  int32_t start_token() const { return size() - 2; }
  int32_t end_token() const { return size() - 1; }
  static int32_t byte_token(char byte, bool ends_word);

  /// The token that a merge makes of two neighbours, or -1. The smaller, the earlier it is to be applied.
  int32_t joined(int32_t left, int32_t right) const {
    const auto found = joined_.find(static_cast<uint64_t>(left) << 32 | static_cast<uint32_t>(right));
    return found == joined_.end() ? -1 : found->second;
  }
  /// The bytes of a token below start_token(), and whether a word ends with it.
  const std::string& text(int32_t token) const { return texts_[static_cast<size_t>(token)]; }
  bool ends_word(int32_t token) const { return ends_[static_cast<size_t>(token)]; }

 private:
  using Pair = std::array<std::string_view, 2>;  ///< as files spell tokens

  /// With the spelling of every token, in order.
  ClipVocabulary(std::span<const Pair> merges, std::vector<std::string>& spellings);

  std::vector<std::string> texts_;
  std::vector<bool> ends_;
  std::unordered_map<uint64_t, int32_t> joined_;
};

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/data/text/clip_vocabulary.inl.hpp>
#endif

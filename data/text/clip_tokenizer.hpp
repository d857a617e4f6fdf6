// Captions to token numbers, exactly as OpenAI's CLIP does it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <t2ue/core/config.hpp>
#include <t2ue/data/text/clip_vocabulary.hpp>

namespace t2ue {

/// What becomes of a text that is longer than the context.
enum class Truncation : uint8_t {
  keep_end,  ///< the last number becomes the end token: OpenAI's truncate=True, and open_clip
  legacy,    ///< cut, without an end token, as the reference code of T2UE does (methods that look for the
             ///< largest number then read the text's features at another place)
};

/// The text as CLIP's tokenizer sees it: fix_text(), html_unescape() twice, runs of white space as one space
/// and none at the ends, lower case. Throws Error if it is not UTF-8.
std::u32string clean_clip_text(std::string_view text);

/// OpenAI's SimpleTokenizer (github.com/openai/CLIP, clip/simple_tokenizer.py), which open_clip uses for its
/// CLIP models too. A word is one of 's 't 're 've 'm 'll 'd, a run of letters, one number character, or a
/// run of other signs; of its bytes, neighbours are joined in the order of the vocabulary's merges. The texts
/// "<|startoftext|>" and "<|endoftext|>" are the special tokens themselves, as in OpenAI's code.
/// Immutable, so that all threads may use one; words that are one token, nearly all of English, are looked
/// up.
class ClipTokenizer {
 public:
  static constexpr int32_t pad_token = 0;
  static constexpr int published_context = 77;

  explicit ClipTokenizer(ClipVocabulary vocabulary);
  /// ClipVocabulary::load().
  static ClipTokenizer load(const std::filesystem::path& path, int size = ClipVocabulary::published_size) {
    return ClipTokenizer(ClipVocabulary::load(path, size));
  }

  /// The text's tokens alone: no start, no end, no padding. Throws Error if `text` is not UTF-8.
  std::vector<int32_t> tokens(std::string_view text) const;

  /// Start token, the text's tokens, end token, zeros: exactly `context_length` (at least 2) numbers. A
  /// longer text is cut. Throws Error if `text` is not UTF-8.
  std::vector<int32_t> encode(std::string_view text, int context_length = published_context,
                              Truncation truncation = Truncation::keep_end) const;

  /// encode() of every text, in parallel: [N, context_length]. An Error says which text is at fault; the
  /// first if several are.
  std::vector<int32_t> encode_batch(std::span<const std::string> texts,
                                    int context_length = published_context,
                                    Truncation truncation = Truncation::keep_end) const;

  /// A text for display: lower case, a space between words. Start tokens give nothing and reading ends at the
  /// end token, behind which there is only padding (token 0 is also "!"). Bytes that are no UTF-8, of a cut
  /// character, become U+FFFD. Throws Error for a number outside the vocabulary.
  std::string decode(std::span<const int32_t> tokens) const;

  const ClipVocabulary& vocabulary() const { return vocabulary_; }
  int vocab_size() const { return vocabulary_.size(); }
  int32_t start_token() const { return vocabulary_.start_token(); }
  int32_t end_token() const { return vocabulary_.end_token(); }

 private:
  struct WordHash : std::hash<std::string_view> {
    using is_transparent = void;
  };

  void append_word(std::string_view word, std::vector<int32_t>& tokens) const;
  void append_pairwise(std::string_view word, std::vector<int32_t>& tokens) const;
  void append_text(std::string_view text, size_t enough, std::vector<int32_t>& tokens) const;
  void encode_into(std::string_view text, std::span<int32_t> row, Truncation truncation) const;

  ClipVocabulary vocabulary_;
  std::unordered_map<std::string, int32_t, WordHash, std::equal_to<>> words_;  ///< those that are one token
};

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/data/text/clip_tokenizer.inl.hpp>
#endif

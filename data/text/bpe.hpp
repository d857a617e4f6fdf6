// A byte-pair vocabulary of our own, learned from captions (Sennrich et al., ACL 2016, on bytes).
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <t2ue/core/config.hpp>

namespace t2ue {

/// Text to token numbers. A word is a run of ASCII letters, digits and bytes of other scripts, or a run of
/// other ASCII signs; white space separates words and is lost; A-Z becomes a-z. A word's bytes and an
/// end-of-word mark are joined pair by pair, in the order in which the pairs were learned. No text is
/// unknown: what was never seen stays bytes. Numbers: 0 pads, 1..256 are the bytes, 257 is the mark, then the
/// learned pairs, then start, then end, so that the end token is the largest number, as in CLIP.
class BytePairTokenizer {
 public:
  static constexpr int32_t pad_token = 0;
  static constexpr int min_vocab_size = 260;  ///< no learned pairs at all

  /// Learns at most `vocab_size` - 260 pairs: again and again the most frequent one (ties: the smallest
  /// numbers), until none occurs twice; so `vocab_size()` may come out smaller. The same captions give the
  /// same vocabulary.
  static BytePairTokenizer train(std::span<const std::string> captions, int vocab_size);

  /// Start token, the text's tokens, end token, zeros: exactly `context_length` (at least 2) numbers. A
  /// longer text is cut, and still ends with the end token. Thread-safe.
  std::vector<int32_t> encode(std::string_view text, int context_length) const;

  /// encode() of every text: [N, context_length].
  std::vector<int32_t> encode_batch(std::span<const std::string> texts, int context_length) const;

  /// The text of tokens, lower-cased, words separated by one space; pad, start and end tokens give nothing.
  /// Throws Error for a number outside the vocabulary.
  std::string decode(std::span<const int32_t> tokens) const;

  int vocab_size() const { return static_cast<int>(merges_.size()) + min_vocab_size; }
  int32_t start_token() const { return vocab_size() - 2; }
  int32_t end_token() const { return vocab_size() - 1; }

  /// The vocabulary as JSON: {"format": "t2ue-bpe", "version": 1, "merges": [[left, right], ...]}.
  std::string to_json() const;
  /// Throws Error unless `json` is what to_json() may give.
  static BytePairTokenizer from_json(std::string_view json);
  void save(const std::filesystem::path& path) const;
  /// from_json() of a file; errors name it.
  static BytePairTokenizer load(const std::filesystem::path& path);

 private:
  using Merge = std::array<int32_t, 2>;
  struct Cache;

  explicit BytePairTokenizer(std::vector<Merge> merges);
  void encode_word(std::string_view word, bool ends, std::vector<int32_t>& tokens) const;

  std::vector<Merge> merges_;
  std::unordered_map<uint64_t, int32_t> ranks_;  ///< (left << 32 | right) to the joined token
  std::vector<std::string> texts_;               ///< the bytes of tokens 0..257+merges; the mark is a space
  std::shared_ptr<Cache> cache_;                 ///< words met before; shared by copies
};

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/data/text/bpe.inl.hpp>
#endif

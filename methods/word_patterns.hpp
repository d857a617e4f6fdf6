// A pattern for each keyword, as in word_textures, but learned against surrogates.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include <t2ue/core/config.hpp>
#include <t2ue/data/text/caption_keywords.hpp>
#include <t2ue/noise/noise_source.hpp>

namespace t2ue {

/// How many numbers word_weights() gives.
inline int64_t word_weight_count(const CaptionKeywords& keywords) {
  return static_cast<int64_t>(keywords.words.size()) + 1;
}

/// What a PatternDictionary is told of an item: how many of its captions (lines of `text`) hold each keyword,
/// scaled to length 1, and 0; or where none holds any, zeros and 1.
std::vector<float> word_weights(const CaptionKeywords& keywords, const std::string& text);

/// What the patterns [S*S*3, words + 1] start from: the textures (textures.hpp) of the first words and that
/// of none of them, a texture's pixel being `coarseness` pixels a side here, and zeros for words beyond.
/// Error for a coarseness outside 1..size.
std::vector<float> word_pattern_start(const CaptionKeywords& keywords, int64_t size, int64_t coarseness = 1);

/// A trained dictionary as its file has it.
struct WordPatternsFile {
  CaptionKeywords keywords;
  int64_t size = 8;             ///< S
  int eps_steps = 8;            ///< in 1/255
  std::vector<float> patterns;  ///< [S*S*3, words + 1]
  std::string training = "{}";  ///< JSON text for the record: policy and recipe
};

/// Writes the file atomically. Error for contents that read_word_patterns() would refuse.
void write_word_patterns(const std::filesystem::path& path, const WordPatternsFile& file);
/// Error naming file and fault for one that is no such file, sizes that disagree, a budget outside 1..127,
/// numbers that are not finite, or keywords that are empty or come twice.
WordPatternsFile read_word_patterns(const std::filesystem::path& path);

/// Zero contact: an item's noise is eps * tanh(its word_weights() times the patterns), which are trained once
/// (`t2ue train patterns`) and serve all captions after. Noises of S x S, to be tiled.
class WordPatterns final : public ItemwiseSource {
 public:
  static MethodCard describe(int eps_steps);

  /// Error as read_word_patterns().
  explicit WordPatterns(const std::filesystem::path& path) : WordPatterns(read_word_patterns(path)) {}
  explicit WordPatterns(WordPatternsFile file);

 private:
  /// Error for an item without a caption.
  Noise noise_of(const NoiseItem& item) const override;

  WordPatternsFile file_;
};

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/methods/word_patterns.inl.hpp>
#endif

#include <gtest/gtest.h>

#include <set>
#include <t2ue/methods/keyword_textures.hpp>
#include <t2ue/methods/word_textures.hpp>

#include <t2ue/core/error.hpp>

namespace t2ue {
namespace {

TEST(Textures, AreSignsThatRepeat) {
  for (int number = 0; number < texture_count; ++number) {
    const auto tile = texture_signs(number, texture_period), whole = texture_signs(number, 10);
    for (size_t y = 0; y < 10; ++y)
      for (size_t x = 0; x < 10; ++x)
        for (size_t c = 0; c < 3; ++c) {
          const int sign = whole[(y * 10 + x) * 3 + c];
          EXPECT_EQ(std::abs(sign), 1);
          EXPECT_EQ(sign, tile[(y % 4 * 4 + x % 4) * 3 + c]) << "texture " << number;
        }
  }
}

TEST(Textures, DifferUpToTheirSign) {
  std::set<std::vector<int8_t>> seen;
  for (int number = 0; number < texture_count; ++number) {
    std::vector<int8_t> signs = texture_signs(number, texture_period);
    EXPECT_TRUE(seen.insert(signs).second) << "texture " << number;
    for (int8_t& sign : signs) sign = static_cast<int8_t>(-sign);
    EXPECT_TRUE(seen.insert(signs).second) << "texture " << number << " is another's negative";
  }
}

/// Shifted by a pixel, the first textures are themselves or their negatives: that is what they are for.
TEST(Textures, OfOnePixelSurviveShifts) {
  for (int number = 0; number < 12; ++number) {
    const auto tile = texture_signs(number, 4);
    const auto at = [&](size_t y, size_t x, size_t c) { return tile[(y % 4 * 4 + x % 4) * 3 + c]; };
    for (const auto& [down, right] : {std::pair{0, 1}, std::pair{1, 0}, std::pair{3, 2}}) {
      const int sign = at(static_cast<size_t>(down), static_cast<size_t>(right), 0) * at(0, 0, 0);
      for (size_t y = 0; y < 4; ++y)
        for (size_t x = 0; x < 4; ++x)
          for (size_t c = 0; c < 3; ++c)
            EXPECT_EQ(at(y + static_cast<size_t>(down), x + static_cast<size_t>(right), c),
                      sign * at(y, x, c));
    }
  }
}

TEST(Textures, GiveEveryClassItsOwn) {
  ClassTextures source(8);
  const std::vector<NoiseItem> items{{"a", "", 0, nullptr}, {"b", "", 1, nullptr}, {"c", "", 0, nullptr}};
  const auto noises = source.make(items);
  EXPECT_EQ(noises[0], noises[2]);
  EXPECT_NE(noises[0], noises[1]);
  for (const int8_t step : noises[1].steps) EXPECT_EQ(std::abs(int{step}), 8);
  EXPECT_TRUE(source.card().needs_label);
  EXPECT_FALSE(source.card().needs_image);
}

TEST(Textures, GiveEveryKeywordItsOwn) {
  const std::vector<std::string> captions{"a red dog", "the dog runs", "a cat", "cat and tree", "a bird",
                                          "one bird",  "a fish",       "fish!", "boats"};
  KeywordTextures source(captions, 4, 8);
  const CaptionKeywords& keywords = source.keywords();
  ASSERT_EQ(keywords.groups(), 4);
  std::vector<NoiseItem> items;
  for (const std::string& caption : captions) items.push_back({caption, caption, {}, nullptr});
  const auto noises = source.make(items);
  const std::vector<float> starts = texture_starts(4, texture_period);
  for (size_t i = 0; i < items.size(); ++i) {
    const auto group = static_cast<size_t>(keywords.group_of(captions[i]));
    for (size_t p = 0; p < noises[i].steps.size(); ++p)
      EXPECT_EQ(noises[i].steps[p], 8 * starts[group * noises[i].steps.size() + p]) << "a generator's start";
  }
  EXPECT_EQ(noises[0], noises[1]);
  EXPECT_NE(noises[0], noises[2]);
  EXPECT_TRUE(source.card().needs_text);
  EXPECT_FALSE(source.card().needs_image);
  const std::vector<NoiseItem> silent{{"a", "", 1, nullptr}};
  EXPECT_THROW(source.make(silent), Error);
  EXPECT_THROW(KeywordTextures(captions, texture_count + 1, 8), Error);
  EXPECT_THROW(KeywordTextures(captions, 4, 0), Error);
}

TEST(Textures, LieOverEachOtherForTheWordsOfAPicture) {
  const std::vector<std::string> captions{"a red dog", "the dog runs", "a cat", "cat and tree", "a bird",
                                          "one bird",  "a fish",       "fish!", "boats",        "more boats"};
  const WordTextures source(captions, 3, 2, 8);
  ASSERT_EQ(source.keywords().words, (std::vector<std::string>{"bird", "boats", "cat"}));
  const auto noise_of = [&](const std::string& caption, int together = 2) {
    const std::vector<NoiseItem> items{{"key", caption, {}, nullptr}};
    return WordTextures(captions, 3, together, 8).make(items).front();
  };
  EXPECT_EQ(source.weights_of("A bird, a bird\nno bird\nthe cat"), (std::vector<int>{2, 0, 1}));
  EXPECT_EQ(noise_of("one bird"), texture_noise(0, 8));
  EXPECT_EQ(noise_of("a cat"), texture_noise(2, 8));
  EXPECT_EQ(noise_of("a fish"), texture_noise(3, 8)) << "no word that has a texture";

  // Two words: where both textures agree it is theirs, elsewhere the heavier word's, or the first's of
  // equals.
  const Noise both = noise_of("cat and bird"), heavy = noise_of("cat and bird\na cat");
  const std::vector<int8_t> bird = texture_signs(0, texture_period), cat = texture_signs(2, texture_period);
  for (size_t p = 0; p < both.steps.size(); ++p) {
    EXPECT_EQ(both.steps[p], 8 * (bird[p] + cat[p] == 0 ? bird[p] : cat[p]));
    EXPECT_EQ(heavy.steps[p], 8 * cat[p]);
  }
  // Of three, the sign of the sum; with at most two together, of the first two.
  const Noise all = noise_of("bird boats cat", 3);
  const std::vector<int8_t> boats = texture_signs(1, texture_period);
  for (size_t p = 0; p < all.steps.size(); ++p)
    EXPECT_EQ(all.steps[p], bird[p] + boats[p] + cat[p] > 0 ? 8 : -8);
  EXPECT_EQ(noise_of("bird boats cat"), noise_of("bird boats"));
  EXPECT_NE(noise_of("bird boats cat"), all);

  EXPECT_THROW(noise_of(""), Error);
  EXPECT_THROW(noise_of("a cat", 0), Error);
  EXPECT_THROW(WordTextures(captions, texture_count, 2, 8), Error);
  EXPECT_THROW(WordTextures(captions, 3, 2, 0), Error);
}

TEST(Textures, RefuseWhatCannotBe) {
  EXPECT_THROW(texture_signs(-1, 4), Error);
  EXPECT_THROW(texture_signs(texture_count, 4), Error);
  EXPECT_THROW(ClassTextures(0), Error);
  EXPECT_THROW(texture_starts(texture_count + 1, 4), Error);
  EXPECT_EQ(texture_starts(3, 8).size(), size_t{3 * 8 * 8 * 3});
  const std::vector<NoiseItem> unlabelled{{"a", "", std::nullopt, nullptr}};
  EXPECT_THROW(ClassTextures(8).make(unlabelled), Error);
}

TEST(Textures, OfWordsAreWhatAGeneratorOfCaptionsStartsFrom) {
  const std::vector<std::string> texts{
      "a red dog", "the dog runs\na cat", "a cat", "cat and tree", "a bird", "one bird", "a fish", "fish!",
      "boats",     "more boats"};
  const std::vector<float> starts = word_texture_starts(texts, 8, 3, 2);
  ASSERT_EQ(starts.size(), texts.size() * 8 * 8 * 3);
  WordTextures source(texts, 3, 2, 1);
  for (size_t i = 0; i < texts.size(); ++i) {
    const NoiseItem item{"key", texts[i], {}, nullptr};
    const Noise noise = source.make({&item, 1}).front();
    for (size_t y = 0; y < 8; ++y)
      for (size_t x = 0; x < 8; ++x)
        for (size_t c = 0; c < 3; ++c)
          EXPECT_EQ(starts[((i * 8 + y) * 8 + x) * 3 + c], noise.steps[(y % 4 * 4 + x % 4) * 3 + c]);
  }
  EXPECT_THROW(word_texture_starts(texts, 10, 3, 2), Error) << "4 does not divide 10";
  EXPECT_THROW(word_texture_starts(texts, 1 << 13, 3, 2), Error) << "more than can be kept";
}

}  // namespace
}  // namespace t2ue

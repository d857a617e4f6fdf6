#include <gtest/gtest.h>

#include <set>
#include <t2ue/methods/keyword_textures.hpp>

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

TEST(Textures, RefuseWhatCannotBe) {
  EXPECT_THROW(texture_signs(-1, 4), Error);
  EXPECT_THROW(texture_signs(texture_count, 4), Error);
  EXPECT_THROW(ClassTextures(0), Error);
  EXPECT_THROW(texture_starts(texture_count + 1, 4), Error);
  EXPECT_EQ(texture_starts(3, 8).size(), size_t{3 * 8 * 8 * 3});
  const std::vector<NoiseItem> unlabelled{{"a", "", std::nullopt, nullptr}};
  EXPECT_THROW(ClassTextures(8).make(unlabelled), Error);
}

}  // namespace
}  // namespace t2ue

// Learned patterns of keywords: weights of a caption's words, the file, and the noise that they give.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <nlohmann/json.hpp>

#include <t2ue/core/plan.hpp>
#include <t2ue/core/safetensors.hpp>
#include <t2ue/methods/registry.hpp>
#include <t2ue/methods/textures.hpp>
#include <t2ue/methods/word_patterns.hpp>
#include <t2ue/methods/word_textures.hpp>
#include <t2ue/models/generators/generator.hpp>
#include <t2ue/models/generators/pattern_dictionary.hpp>

#include "errors.hpp"
#include "methods/items.hpp"

namespace t2ue {
namespace {

using testing_errors::expect_error;
using testing_methods::expect_sound;

std::filesystem::path patterns_file() {
  return std::filesystem::path(testing::TempDir()) /
         concat("word_patterns_", testing::UnitTest::GetInstance()->current_test_info()->name(),
                ".safetensors");
}

/// Random patterns of 4 x 4 for three words of testing_methods::captions() and for none of them.
WordPatternsFile random_patterns() {
  WordPatternsFile file;
  file.keywords.words = {"dog", "red", "car"};
  file.size = 4;
  Random random(1, Purpose::test);
  for (int i = 0; i < 4 * 4 * 3 * 4; ++i) file.patterns.push_back(random.normal());
  return file;
}

TEST(WordPatterns, WeightsCountTheCaptionsThatHoldAWord) {
  const CaptionKeywords keywords{{"dog", "red", "car"}};
  EXPECT_EQ(word_weight_count(keywords), 4);
  EXPECT_THAT(word_weights(keywords, "a Dog"), testing::ElementsAre(1, 0, 0, 0));
  EXPECT_THAT(word_weights(keywords, "dog dog, doggy"), testing::ElementsAre(1, 0, 0, 0));
  EXPECT_THAT(word_weights(keywords, "a tree"), testing::ElementsAre(0, 0, 0, 1));
  // Three captions hold the first word, four the second.
  EXPECT_THAT(word_weights(keywords, "red dog\nred dog\na red dog\nall red"),
              testing::ElementsAre(0.6f, 0.8f, 0, 0));
}

TEST(WordPatterns, StartFromTextures) {
  const CaptionKeywords few{{"dog", "red"}};
  const std::vector<float> start = word_pattern_start(few, 4);
  ASSERT_EQ(start.size(), 4u * 4 * 3 * 3);
  for (int column = 0; column < 3; ++column) {
    const std::vector<int8_t> signs = texture_signs(column, 4);
    for (size_t p = 0; p < signs.size(); ++p)
      EXPECT_EQ(start[p * 3 + static_cast<size_t>(column)], signs[p]) << column;
  }
  const std::vector<float> coarse = word_pattern_start(few, 8, 2), fine = word_pattern_start(few, 8);
  for (size_t p = 0; p < 8 * 8 * 3; ++p)
    for (size_t column = 0; column < 3; ++column) {
      const size_t y = p / 24, x = p / 3 % 8;
      EXPECT_EQ(coarse[p * 3 + column], fine[((y / 2 * 8 + x / 2) * 3 + p % 3) * 3 + column]);
    }
  EXPECT_THROW(word_pattern_start(few, 8, 9), Error);
  EXPECT_THROW(word_pattern_start(few, 8, 0), Error);
  CaptionKeywords many;
  for (int i = 0; i < 50; ++i) many.words.push_back(concat("word", i));
  const std::vector<float> beyond = word_pattern_start(many, 4);
  EXPECT_NE(beyond[34], 0);
  EXPECT_EQ(beyond[35], 0) << "there are no more textures, but that of no word";
  EXPECT_NE(beyond[50], 0);
}

TEST(WordPatterns, ComeBackFromTheirFileAndMakeSoundNoise) {
  const auto path = patterns_file();
  const WordPatternsFile file = random_patterns();
  write_word_patterns(path, file);
  const WordPatternsFile read = read_word_patterns(path);
  EXPECT_EQ(read.keywords.words, file.keywords.words);
  EXPECT_EQ(read.patterns, file.patterns);
  EXPECT_EQ(read.size, 4);
  EXPECT_EQ(read.eps_steps, 8);

  WordPatterns source(file);
  const auto again = make_noise_source("word_patterns", {{"patterns", path.string()}}, {});
  const std::vector<NoiseItem> list = testing_methods::items(12, 4);
  const std::vector<Noise> noises = expect_sound(source, *again, list);
  for (const Noise& noise : noises) EXPECT_EQ(noise.height, 4);
  EXPECT_TRUE(source.card().needs_text);
  EXPECT_FALSE(source.card().needs_image);
  EXPECT_EQ(source.card().independence, Independence::zero_contact);
  EXPECT_EQ(source.card().resampler, Resampler::tile);
  const std::vector<NoiseItem> silent{{"a", "", {}, nullptr}};
  expect_error([&] { source.make(silent); }, {"word_patterns", "\"a\"", "no caption"});
}

// What is published is what surrogates were trained on.
TEST(WordPatterns, GiveTheNoiseOfTheDictionaryThatWasTrained) {
  const WordPatternsFile file = random_patterns();
  PatternDictionaryConfig config;
  config.condition = word_weight_count(file.keywords);
  config.size = file.size;
  Generator dictionary(GeneratorConfig(config, {.resampler = Resampler::tile}));
  ParameterSet parameters(dictionary, 0);
  dictionary.as<PatternDictionary>().patterns.value.assign(file.patterns);
  WordPatterns source(file);
  const std::vector<NoiseItem> list = testing_methods::items(12, 4);
  std::vector<float> weights;
  for (const NoiseItem& item : list)
    for (const float weight : word_weights(file.keywords, item.caption)) weights.push_back(weight);
  Tensor own, tiled;
  Step step([&](Graph& g) {
    const NoGrad no_grad(g);
    const Var words = g.input(Tensor::of(weights, {12, config.condition}));
    own = g.output(dictionary.noise(words, {}));
    tiled = g.output(dictionary.noise(words, {}, 8, 12));
  });
  step.run();
  EXPECT_EQ(tiled.shape(), (Shape{12, 8, 12, 3}));
  const std::vector<float> values = own.to_vector<float>(), whole = tiled.to_vector<float>();
  const std::vector<Noise> noises = source.make(list);
  for (size_t i = 0; i < noises.size(); ++i)
    for (size_t p = 0; p < 48; ++p) {
      EXPECT_NEAR(noises[i].steps[p], values[i * 48 + p] * 255.0f, 0.5001);
      const size_t y = p / 12, x = p / 3 % 4, c = p % 3;
      EXPECT_EQ(whole[((i * 8 + y + 4) * 12 + x + 8) * 3 + c], values[i * 48 + p]);
    }
}

// Patterns as they start, at a large scale: the textures of words, weighted and laid over each other.
TEST(WordPatterns, OfTexturesAreWordTextures) {
  const std::vector<std::string> captions = testing_methods::captions();
  WordTextures textures(captions, 6, 6, 8);
  WordPatternsFile file;
  file.keywords = textures.keywords();
  file.size = 4;
  file.patterns = word_pattern_start(file.keywords, 4);
  for (float& value : file.patterns) value *= 1e3f;
  WordPatterns patterns(file);
  const std::vector<NoiseItem> list = testing_methods::items(40, 4);
  const std::vector<Noise> expected = textures.make(list), made = patterns.make(list);
  for (size_t i = 0; i < list.size(); ++i)
    for (size_t p = 0; p < 48; ++p) {
      if (made[i].steps[p] == 0) continue;  // a tie, which is the first word's there
      EXPECT_EQ(made[i].steps[p], expected[i].steps[p]) << list[i].caption;
    }
}

TEST(WordPatterns, DamagedFilesAreRefused) {
  const auto path = patterns_file();
  const auto refused = [&](const std::function<void(WordPatternsFile&)>& spoil,
                           const std::vector<std::string>& parts) {
    WordPatternsFile file = random_patterns();
    spoil(file);
    expect_error([&] { write_word_patterns(path, file); }, parts);
  };
  refused([](auto& f) { f.keywords.words.clear(); }, {"0 keywords"});
  refused([](auto& f) { f.keywords.words[2] = "dog"; }, {"'dog'", "twice"});
  refused([](auto& f) { f.keywords.words[2].clear(); }, {"empty"});
  refused([](auto& f) { f.eps_steps = 0; }, {"0"});
  refused([](auto& f) { f.size = 0; }, {"0 x 0"});
  refused([](auto& f) { f.size = 5; }, {"192 numbers", "5 x 5"});
  refused([](auto& f) { f.patterns[7] = std::numeric_limits<float>::quiet_NaN(); }, {"finite"});

  // The same faults where another program wrote them.
  const std::vector<float> zeros(48 * 4, 0.0f);
  const auto write = [&](const std::string& kind, const std::string& state) {
    SafetensorsWriter writer;
    writer.add<float>("patterns", {4, 4, 3, 4}, zeros);
    writer.save(path, {{"format", "t2ue"}, {"kind", kind}, {"state", state}});
  };
  const auto read = [&] { read_word_patterns(path); };
  const std::string rest = R"(,"eps_steps":8,"training":{}})";
  write("word patterns", R"({"keywords":["a","b","c"],"size":4)" + rest);
  EXPECT_NO_THROW(read());
  write("generator", R"({"keywords":["a","b","c"],"size":4)" + rest);
  expect_error(read, {path.filename().string(), "generator"});
  write("word patterns", "{");
  expect_error(read, {"JSON"});
  write("word patterns", R"({"size":4)" + rest);
  expect_error(read, {"'keywords' is missing"});
  write("word patterns", R"({"keywords":[1],"size":4)" + rest);
  expect_error(read, {"keywords"});
  write("word patterns", R"({"keywords":["a","b"],"size":4)" + rest);
  expect_error(read, {"patterns"});
  write("word patterns", R"({"keywords":["a","b","c"],"size":-4)" + rest);
  expect_error(read, {"-4"});
  expect_error([] { make_noise_source("word_patterns", {}, {}); }, {"'patterns'", "t2ue bench"});
}

}  // namespace
}  // namespace t2ue

// The cache of captions' features: what finds a file, and what a damaged or foreign one comes to.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <t2ue/core/atomic_file.hpp>
#include <t2ue/core/unit_rows.hpp>
#include <t2ue/methods/caption_feature_cache.hpp>
#include <t2ue/optim/checkpoint.hpp>

#include "errors.hpp"

namespace t2ue {
namespace {

using testing::HasSubstr;
using testing_errors::error_of;

struct FeatureCache : testing::Test {
  const std::vector<std::string> captions{"a red ball", "a blue ball", "a red house"};
  const std::filesystem::path cache =
      std::filesystem::path(testing::TempDir()) /
      concat("feature_cache_", testing::UnitTest::GetInstance()->current_test_info()->name());

  FeatureCache() { std::filesystem::remove_all(cache); }

  struct Setup {
    uint64_t seed = 3;
    int merges = 270;
    int heads = 2;
    Activation activation = Activation::gelu;
  };
  std::unique_ptr<CaptionEncoder> encoder(const Setup& setup) const {
    auto made =
        std::make_unique<CaptionEncoder>(TextConfig{8, 270, {16, 1, setup.heads, setup.activation, true}, 8},
                                         BytePairTokenizer::train(captions, setup.merges));
    made->parameters().initialise(setup.seed);
    return made;
  }
  std::unique_ptr<CaptionEncoder> encoder() const { return encoder(Setup{}); }
};

TEST_F(FeatureCache, GivesTheSameBitsAsTheTower) {
  const auto tower = encoder();
  const std::vector<float> expected = tower->encode(captions);
  for (const bool again : {false, true}) {
    const CachedFeatures features = caption_features(*tower, captions, cache);
    EXPECT_EQ(features.rows, expected);
    EXPECT_EQ(features.from_cache, again);
    EXPECT_EQ(features.remark, "");
  }
  const CachedFeatures without = caption_features(*tower, captions);
  EXPECT_EQ(without.rows, expected);
  EXPECT_FALSE(without.from_cache);
}

TEST_F(FeatureCache, ComputesInPartsThatDoNotShow) {
  std::vector<std::string> many;
  for (int i = 0; i < 300; ++i) many.push_back(concat("a red ball ", i));
  const auto tower = encoder();
  std::vector<int64_t> done;
  const CachedFeatures features = caption_features(*tower, many, {}, [&](int64_t some, int64_t all) {
    done.push_back(some);
    EXPECT_EQ(all, 300);
  });
  EXPECT_EQ(features.rows, tower->encode(many));
  EXPECT_EQ(done, (std::vector<int64_t>{256, 300}));
}

TEST_F(FeatureCache, EverythingThatDecidesTheNumbersDecidesTheFile) {
  std::set<std::filesystem::path> files;
  const auto file = [&](const Setup& setup, const std::vector<std::string>& texts) {
    files.insert(caption_features_file(*encoder(setup), texts, cache));
  };
  file({}, captions);
  file({}, captions);
  EXPECT_EQ(files.size(), 1U);
  file({.seed = 4}, captions);
  file({.merges = 265}, captions);
  file({.heads = 4}, captions);
  file({.activation = Activation::quick_gelu}, captions);
  file({}, {captions[1], captions[0], captions[2]});
  file({}, {captions[0], captions[1]});
  file({}, {"a red", " balla blue ball", captions[2]});
  EXPECT_EQ(files.size(), 8U);
}

TEST_F(FeatureCache, ADamagedFileIsMadeAnewWithARemark) {
  const auto tower = encoder();
  const std::vector<float> expected = caption_features(*tower, captions, cache).rows;
  const std::filesystem::path file = caption_features_file(*tower, captions, cache);
  const std::string whole = read_text(file);
  const auto repaired = [&](const std::string& bytes, const std::string& part) {
    write_file(file, std::string_view(bytes));
    const CachedFeatures features = caption_features(*tower, captions, cache);
    EXPECT_FALSE(features.from_cache);
    EXPECT_EQ(features.rows, expected);
    EXPECT_THAT(features.remark,
                testing::AllOf(HasSubstr(file.string()), HasSubstr(part), HasSubstr("anew")));
    EXPECT_EQ(read_text(file), whole);
  };
  std::string flipped = whole;
  flipped.back() = static_cast<char>(flipped.back() ^ 1);
  repaired(flipped, "damaged");
  repaired(whole.substr(0, whole.size() - 4), "bytes");
  repaired("", "bytes");
  repaired("no safetensors at all", "header");
}

TEST_F(FeatureCache, AForeignFileUnderTheNameIsMadeAnewWithARemark) {
  const auto tower = encoder();
  const std::filesystem::path file = caption_features_file(*tower, captions, cache);
  std::filesystem::create_directories(cache);
  const auto remark = [&] {
    const CachedFeatures features = caption_features(*tower, captions, cache);
    EXPECT_FALSE(features.from_cache);
    EXPECT_EQ(features.rows, tower->encode(captions));
    return features.remark;
  };
  const std::vector<std::string> others{"a blue ball", "a red ball", "a red house"};
  caption_features(*tower, others, cache);
  std::filesystem::copy(caption_features_file(*tower, others, cache), file);
  EXPECT_THAT(remark(), HasSubstr("other captions"));

  CheckpointWriter().save(file, "clip", nlohmann::json::object());
  EXPECT_THAT(remark(), HasSubstr("holds a clip"));
  CheckpointWriter().save(file, "caption features", nlohmann::json::array());
  EXPECT_THAT(remark(), HasSubstr("other captions"));
  CheckpointWriter().save(file, "caption features", {{"key", 1}});
  EXPECT_THAT(remark(), HasSubstr("damaged"));
  SafetensorsWriter().save(file, {});
  EXPECT_THAT(remark(), HasSubstr("not written by t2ue"));
}

TEST_F(FeatureCache, ThatCannotBeWrittenIsAnError) {
  write_file(cache, "a file, no folder");
  EXPECT_THAT(error_of([&] { caption_features(*encoder(), captions, cache); }), HasSubstr(cache.string()));
}

TEST(UnitRows, HaveLengthOneAndZeroStaysZero) {
  std::vector<float> rows{3, 4, 0, 0, -2, 0};
  make_unit_rows(rows, 2);
  EXPECT_EQ(rows, (std::vector<float>{3 * 0.2f, 4 * 0.2f, 0, 0, -1, 0}));
}

}  // namespace
}  // namespace t2ue

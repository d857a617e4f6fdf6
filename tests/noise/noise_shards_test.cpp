// The files of noise shards: what is written is read back, and what is damaged or was not written so is
// refused. What the whole job does is tested with the program, in tests/apps/noise_shards_test.cpp.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <t2ue/core/sha256.hpp>
#include <t2ue/noise/noise_shards.hpp>

#include "data/pictures.hpp"

namespace {

using namespace t2ue;
using namespace t2ue::testing_data;
using testing::HasSubstr;

NoiseRecipe noise_recipe() {
  NoiseRecipe recipe;
  recipe.method = "t2ue";
  recipe.generator_sha256 = sha256_hex("generator");
  recipe.seed = 7;
  recipe.height = 2;
  recipe.width = 1;
  return recipe;
}

/// What a chunk of two items, "a" and "bc", holds.
struct Parts {
  std::vector<int64_t> ends{1, 3};
  std::vector<uint8_t> keys{'a', 'b', 'c'}, captions = std::vector<uint8_t>(64), digests;
  std::vector<int8_t> noise{1, -2, 3, -4, 5, -6, 8, 8, 8, -8, -8, -8};
  std::map<std::string, std::string> metadata{{"format", "t2ue-noise-shard"}, {"captions_sha256", "x"}};

  Parts() { sign(); }
  void sign() {
    digests.clear();
    for (size_t item = 0; item < 2; ++item) {
      const auto first = noise.begin() + static_cast<int64_t>(item * 6);
      const auto digest = noise_digest({2, 1, std::vector<int8_t>(first, first + 6)});
      digests.insert(digests.end(), digest.begin(), digest.end());
    }
  }
  std::filesystem::path save() const {
    SafetensorsWriter writer;
    writer.add<int64_t>("key_ends", {static_cast<int64_t>(ends.size())}, ends);
    writer.add<uint8_t>("keys", {static_cast<int64_t>(keys.size())}, keys);
    writer.add<uint8_t>("caption_sha256", {static_cast<int64_t>(captions.size() / 32), 32}, captions);
    writer.add<uint8_t>("noise_sha256", {static_cast<int64_t>(digests.size() / 32), 32}, digests);
    writer.add<int8_t>("noise", {static_cast<int64_t>(noise.size() / 6), 2, 1, 3}, noise);
    const auto path =
        std::filesystem::path(testing::TempDir()) /
        concat(testing::UnitTest::GetInstance()->current_test_info()->name(), "-shard.safetensors");
    writer.save(path, metadata);
    return path;
  }
};

TEST(NoiseShard, IsReadBack) {
  const NoiseShard shard(Parts().save(), noise_recipe());
  ASSERT_EQ(shard.count(), 2u);
  EXPECT_EQ(shard.key(0), "a");
  EXPECT_EQ(shard.key(1), "bc");
  EXPECT_EQ(shard.caption_sha256(1), std::string(64, '0'));
  EXPECT_EQ(shard.noise(1), (Noise{2, 1, {8, 8, 8, -8, -8, -8}}));
  EXPECT_THAT(error_of([&] { (void)shard.noise(2); }), HasSubstr("2 items"));
  const auto path = Parts().save();
  EXPECT_EQ(read_captions_sha256(path), "x");
  EXPECT_EQ(read_key_hashes(path, {noise_recipe(), LatentSharing::all, 2, false, {"f"}}),
            (std::vector<KeyHash>{key_hash("a"), key_hash("bc")}));
}

TEST(NoiseShard, LiesAreRefused) {
  const auto error = [](const std::function<void(Parts&)>& damage) {
    Parts parts;
    damage(parts);
    const auto path = parts.save();
    return error_of([&] {
      const NoiseShard shard(path, noise_recipe());
      for (size_t item = 0; item < shard.count(); ++item) (void)shard.noise(item);
    });
  };
  EXPECT_EQ(error([](Parts&) {}), "");
  EXPECT_THAT(error([](Parts& p) { p.ends = {1, 4}; }), HasSubstr("ends at byte 4"));
  EXPECT_THAT(error([](Parts& p) { p.ends = {1, -3}; }), HasSubstr("ends at byte -3"));
  EXPECT_THAT(error([](Parts& p) { p.ends = {0, 3}; }), HasSubstr("ends at byte 0"));
  EXPECT_THAT(error([](Parts& p) { p.ends = {1, 2}; }), HasSubstr("belong to no key"));
  EXPECT_THAT(error([](Parts& p) { p.ends = {1, 2, 3}; }), HasSubstr("[3, 32]"));
  EXPECT_THAT(error([](Parts& p) { p.captions.resize(32); }), HasSubstr("caption_sha256"));
  EXPECT_THAT(error([](Parts& p) { p.noise.resize(6); }), HasSubstr("\"noise\""));
  EXPECT_THAT(error([](Parts& p) { p.noise[7] = 7; }), HasSubstr("checksum"));
  EXPECT_THAT(error([](Parts& p) { p.noise[7] = 9, p.sign(); }), HasSubstr("step of 9"));
  EXPECT_THAT(error([](Parts& p) { p.metadata.erase("format"); }), HasSubstr("no shard"));
}

TEST(ShardRecipe, IsReadBackAndChecked) {
  const ShardRecipe recipe{noise_recipe(), LatentSharing::item, 100, true, {"a.jsonl", "b.tar"}};
  const nlohmann::json json = nlohmann::json::parse(to_json(recipe).dump());
  const ShardRecipe back = shard_recipe_from_json(json);
  EXPECT_EQ(to_json(back), to_json(recipe));
  EXPECT_EQ(back.latent, LatentSharing::item);
  check_same_recipe("folder", recipe, back);
  const auto wrong = [&](const std::string& name, const nlohmann::json& value) {
    nlohmann::json other = json;
    other[name] = value;
    return error_of([&] { shard_recipe_from_json(other); });
  };
  EXPECT_THAT(wrong("format", "t2ue-noise"), HasSubstr("no recipe"));
  EXPECT_THAT(wrong("version", 2), HasSubstr("version 2"));
  for (const nlohmann::json& items : {nlohmann::json(0), nlohmann::json(-1), nlohmann::json(2'000'000),
                                      nlohmann::json("8"), nlohmann::json(1.5)})
    EXPECT_NE(wrong("shard_items", items), "") << items;
  for (const char* name : {"files", "latent", "manifest_only", "per", "size", "seed"})
    EXPECT_NE(wrong(name, nullptr), "") << name;
  EXPECT_NE(wrong("files", nlohmann::json::array()), "");
  ShardRecipe other = recipe;
  other.files[1] = "c.tar";
  EXPECT_THAT(error_of([&] { check_same_recipe("folder", recipe, other); }), HasSubstr("c.tar"));
}

}  // namespace

// Parts of a benchmark's data: what is set apart for training a generator, and parts that share pictures.
#include <errors.hpp>
#include <set>

#include <paths.hpp>

#include "data/cifar100_pack.hpp"
#include "eval/bench_fixture.hpp"

#include <t2ue/core/sha256.hpp>
#include <t2ue/eval/bench/disjoint.hpp>

namespace t2ue {
namespace {

using namespace testing_bench;

TEST_F(BenchTest, PicturesSetApartAreNotProtectedAndNobodyTrainsVictimsOnThem) {
  json given = plan_json("image-text");
  runner.emplace(plan(given), root, root / "whole", BenchOptions{});
  const std::string whole = runner->data().train_hash();
  EXPECT_EQ(runner->data().apart().count(), 0);
  given["data"]["apart_share"] = 0.25;
  runner.emplace(plan(given), root, root / "out", BenchOptions{});
  const BenchData& data = runner->data();
  EXPECT_EQ(data.apart().count(), 8);
  EXPECT_EQ(data.train().count(), 24);
  EXPECT_EQ(data.items().size(), 24u);
  std::set<std::string> keys(data.apart().keys.begin(), data.apart().keys.end());
  keys.insert(data.train().keys.begin(), data.train().keys.end());
  EXPECT_EQ(keys.size(), 32u);
  EXPECT_NE(data.train_hash(), whole);
  EXPECT_NE(data.train_hash(), data.apart_hash());
  given["data"]["apart_share"] = 0.03;
  testing_errors::expect_error([&] { runner.emplace(plan(given), root, root / "none", BenchOptions{}); },
                               {"0.03", "0 of 32"});
}

TEST_F(BenchTest, AGeneratorTrainedApartSeesNothingOfWhatItProtects) {
  write_coloured(root / "apart", 32, 3);
  json given = t2ue_plan();
  given["data"]["apart"] = "apart";
  given["methods"][1]["options"]["trained_on"] = "apart";
  const auto protects = [&](const std::string& train) {
    given["data"]["train"] = train;
    const std::vector<CellResult> results = run(given);
    EXPECT_TRUE(results[1].done()) << results[1].result.dump();
  };
  protects("train");
  const std::vector<fs::path> models = models_in(root / "out");
  ASSERT_EQ(models.size(), 1u);
  const std::string sha256 = sha256_file(models[0]);
  // Other pictures and captions to protect: the same generator, also where it is trained anew.
  write_pictures(
      root / "others", 24, 4, [](uint32_t, uint32_t, Random& random) { return random.below(256); },
      [](const std::string& word, int i) { return std::vector<std::string>{concat("one ", word, " ", i)}; });
  protects("others");
  EXPECT_EQ(models_in(root / "out").size(), 1u);
  fs::remove_all(root / "out");
  protects("others");
  ASSERT_EQ(models_in(root / "out").size(), 1u);
  EXPECT_EQ(sha256_file(models[0]), sha256);
  // Trained on what it protects it is another.
  given["methods"][1]["options"].erase("trained_on");
  protects("others");
  EXPECT_EQ(models_in(root / "out").size(), 2u);
}

TEST_F(BenchTest, PartsThatShareTheirPicturesAreRefused) {
  const auto refused = [&](const json& data, const std::vector<std::string>& parts) {
    json given = plan_json("image-text");
    given["data"].update(data);
    testing_errors::expect_error([&] { runner.emplace(plan(given), root, root / "out", BenchOptions{}); },
                                 parts);
  };
  refused({{"test", "train"}}, {"32 of the 32", "'test'", "'train'"});
  refused({{"validation", "train"}, {"validation_share", 0}}, {"32 of the 32", "'validation'", "'train'"});
  refused({{"validation", "test"}, {"validation_share", 0}}, {"32 of the 32", "'validation'", "'test'"});
  refused({{"apart", "train"}}, {"32 of the 32", "'apart'", "'train'"});
  refused({{"apart", "test"}}, {"'apart'", "'test'"});
}

// As in CIFAR-100, ten of whose pictures are in both parts.
TEST_F(BenchTest, AFewTwinsAreAllowedWhereverTheSplitPutsThem) {
  write_coloured(root / "many", 200, 2);
  json given = plan_json("image-text");
  given["data"]["test"] = "many";
  given["data"]["validation_share"] = 0.05;
  const std::vector<int64_t> chosen = drawn_and_others(200, 10).first;
  for (const int64_t i : {chosen[0], chosen[1]})
    fs::copy_file(root / "train" / "train0.png", root / "many" / concat("many", i, ".png"),
                  fs::copy_options::overwrite_existing);
  runner.emplace(plan(given), root, root / "out", BenchOptions{});
  EXPECT_EQ(shared_pictures(runner->data().validation(), runner->data().train()), 2);
  fs::copy_file(root / "train" / "train0.png", root / "many" / concat("many", chosen[2], ".png"),
                fs::copy_options::overwrite_existing);
  testing_errors::expect_error([&] { runner.emplace(plan(given), root, root / "out", BenchOptions{}); },
                               {"3 of the 200", "'test'", "'train'"});
}

TEST_F(BenchTest, TheReducedPlansTakeCifar100AsItIs) {
  const fs::path pack = testing_paths::data_pack("cifar-100");
  if (!fs::exists(pack)) GTEST_SKIP() << pack << " is not here";
  fs::create_directories(root / "cifar-100-binary");
  testing_data::unpack_cifar100(pack, root / "cifar-100-binary");
  json given = plan_json("classes");
  given["data"] = {{"train", {{"path", "cifar-100-binary"}, {"split", "train"}}},
                   {"test", {{"path", "cifar-100-binary"}, {"split", "test"}}},
                   {"validation_share", 0.2},
                   {"size", 32},
                   {"classes", 10}};
  runner.emplace(plan(given), root, root / "out", BenchOptions{});
  const BenchData& data = runner->data();
  EXPECT_EQ(data.train().count(), 5000);
  EXPECT_EQ(shared_pictures(data.test(), data.train()) + shared_pictures(data.validation(), data.train()), 4);
}

TEST(BenchParts, SharedPicturesAreCountedByTheirBytes) {
  PairDataset a, b;
  a.size = b.size = 1;
  a.keys = {"1", "2", "3"};
  a.pixels = {1, 2, 3, 4, 5, 6, 1, 2, 3};
  b.keys = {"1", "2"};
  b.pixels = {1, 2, 3, 7, 8, 9};
  EXPECT_EQ(shared_pictures(a, b), 2);
  EXPECT_EQ(shared_pictures(b, a), 1);
  EXPECT_EQ(shared_pictures({}, a), 0);
  EXPECT_THROW(check_disjoint(a, "a", b, "b"), Error);
  EXPECT_NO_THROW(check_disjoint({}, "none", b, "b"));
}

TEST(BenchParts, TrainingApartNeedsPicturesSetApart) {
  json given = t2ue_plan();
  given["methods"][1]["options"]["trained_on"] = "apart";
  EXPECT_EQ(plan_error(given), "methods[1]");
  given["data"]["apart_share"] = 0.5;
  EXPECT_EQ(plan_error(given), "no error");
  given["data"]["apart"] = "others";
  EXPECT_EQ(plan_error(given), "data") << "one or the other";
  given["data"].erase("apart_share");
  EXPECT_EQ(plan_error(given), "no error");
  given["methods"][1]["options"]["trained_on"] = "somewhere";
  EXPECT_EQ(plan_error(given), "methods[1]");
}

}  // namespace
}  // namespace t2ue

// A benchmark runner in a folder of its own, with 32 pictures of 8x8 to train on and 32 to measure on.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "eval/bench_pictures.hpp"

#include <t2ue/eval/bench/plan_methods.hpp>
#include <t2ue/eval/bench/runner.hpp>

namespace t2ue::testing_bench {

using nlohmann::json;
namespace fs = std::filesystem;

/// Pictures of the colour of their class, with two captions each.
inline void write_coloured(const fs::path& folder, int count, uint64_t seed) {
  write_pictures(
      folder, count, seed,
      [](uint32_t label, uint32_t p, Random& random) {
        return 20 + 50 * label + 10 * (p % 3) + random.below(30);
      },
      [](const std::string& word, int i) {
        return std::vector<std::string>{"a " + word, concat("the ", word, " ", i)};
      });
}

inline json plan_json(const std::string& task) {
  return tiny_plan(task == "classes", {{"epochs", 2}, {"batch", 8}});
}

/// A plan whose second row trains a T2UE generator in two rounds.
inline json t2ue_plan() {
  json given = plan_json("image-text");
  given["victims"][0]["model"]["embed_dim"] = 6;
  const json generator{{"latent", 4}, {"condition", 6},   {"width", 4},      {"multipliers", {2, 2}},
                       {"hidden", 8}, {"mask_hidden", 4}, {"gain_start", 1}, {"modulation_start", 1}};
  given["methods"][1] = {{"method", "t2ue"},
                         {"options",
                          {{"generator", generator},
                           {"surrogate", given["victims"][0]["model"]},
                           {"keywords", 3},
                           {"recipe", {{"batch", 8}}},
                           {"policy", {{"rounds", 2}}}}}};
  return given;
}

struct BenchTest : testing::Test {
  fs::path root = fs::path(testing::TempDir()) /
                  concat("bench_", testing::UnitTest::GetInstance()->current_test_info()->name());
  BenchTest() {
    fs::remove_all(root);
    fs::create_directories(root);
    write_coloured(root / "train", 32, 1);
    write_coloured(root / "test", 32, 2);
  }
  ~BenchTest() override { fs::remove_all(root); }

  BenchPlan plan(const json& given) const { return bench_plan_from_json(given, check_plan_method); }
  std::vector<CellResult> run(const json& given, const std::string& out = "out", BenchOptions options = {}) {
    runner.emplace(plan(given), root, root / out, std::move(options));
    return runner->run();
  }
  /// The folder that run() used.
  BenchStore* store() {
    if (!store_) store_ = std::make_unique<BenchStore>(root / "out");
    return store_.get();
  }
  std::optional<BenchRunner> runner;
  std::unique_ptr<BenchStore> store_;
};

/// Where a plan is wrong, or "no error".
inline std::string plan_error(const json& given) {
  try {
    bench_plan_from_json(given, check_plan_method);
  } catch (const PlanError& error) {
    return error.path;
  }
  return "no error";
}

}  // namespace t2ue::testing_bench

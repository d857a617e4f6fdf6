// Noise that surrogates made: the methods' cards and constants, and the file that holds a table.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <t2ue/core/safetensors.hpp>
#include <t2ue/methods/registry.hpp>
#include <t2ue/methods/table_noise.hpp>

#include "errors.hpp"
#include "methods/items.hpp"

namespace t2ue {
namespace {

using testing_errors::expect_error;
using testing_methods::expect_sound;

std::filesystem::path file_named(const std::string& name) {
  return std::filesystem::path(testing::TempDir()) / ("table_noise_" + name + ".safetensors");
}

/// Noise of 4 x 4 for the items of testing_methods::items(12, 4).
NoiseTableFile table(NoiseUnit unit) {
  NoiseTableFile file;
  file.method = unit == NoiseUnit::cluster ? "uc" : "em";
  file.unit = unit;
  file.size = 4;
  const int rows = unit == NoiseUnit::sample ? 12 : unit == NoiseUnit::label ? 4 : 3;
  for (int i = 0; i < rows * 48; ++i) file.steps.push_back(static_cast<int8_t>(i % 17 - 8 + i / 48 % 2));
  for (int8_t& step : file.steps) step = std::min<int8_t>(step, 8);
  if (unit == NoiseUnit::label) return file;
  for (int i = 0; i < 12; ++i) {
    file.keys.push_back(concat("item", i));
    file.row_of_key.push_back(i % rows);
  }
  return file;
}

TEST(TableNoise, LooksItemsUpByKeyOrLabel) {
  const std::vector<NoiseItem> items = testing_methods::items(12, 4);
  for (const NoiseUnit unit : {NoiseUnit::sample, NoiseUnit::label, NoiseUnit::cluster}) {
    SCOPED_TRACE(name_of(unit));
    const NoiseTableFile made = table(unit);
    write_noise_table(file_named("lookup"), made);
    TableNoise source(file_named("lookup")), again(file_named("lookup"));
    const std::vector<Noise> noises = expect_sound(source, again, items);
    for (size_t i = 0; i < items.size(); ++i) {
      const size_t row = unit == NoiseUnit::sample ? i : unit == NoiseUnit::label ? i % 4 : i % 3;
      const auto begin = made.steps.begin() + static_cast<int64_t>(row * 48);
      EXPECT_EQ(noises[i].steps, std::vector<int8_t>(begin, begin + 48)) << i;
    }
    EXPECT_TRUE(source.card().needs_image);
    EXPECT_EQ(source.card().needs_label, unit != NoiseUnit::cluster);
  }
}

TEST(TableNoise, KeepsTriggers) {
  NoiseTableFile file = table(NoiseUnit::sample);
  write_noise_table(file_named("triggers"), file);
  EXPECT_TRUE(read_noise_table(file_named("triggers")).triggers.empty());
  file.method = "mem3";
  for (int i = 0; i < 12; ++i) file.triggers.push_back(i == 5 ? "" : concat("some w\u00f6rds ", i));
  write_noise_table(file_named("triggers"), file);
  EXPECT_EQ(read_noise_table(file_named("triggers")).triggers, file.triggers);
}

TEST(TableNoise, WhatItWasNotMadeForIsRefused) {
  TableNoise by_key(table(NoiseUnit::sample)), by_label(table(NoiseUnit::label));
  std::vector<NoiseItem> items{{"stranger", "", 4, nullptr}};
  expect_error([&] { by_key.make(items); }, {"em", "\"stranger\"", "one data set"});
  expect_error([&] { by_label.make(items); }, {"em", "class 4", "4 classes"});
  items[0].label.reset();
  expect_error([&] { by_label.make(items); }, {"no class"});
}

TEST(TableNoise, BadFilesAreRefused) {
  const auto path = file_named("bad");
  const auto refused = [&](const std::function<void(NoiseTableFile&)>& spoil,
                           const std::vector<std::string>& parts) {
    NoiseTableFile file = table(NoiseUnit::sample);
    spoil(file);
    expect_error([&] { write_noise_table(path, file); }, parts);
  };
  refused([](auto& f) { f.method = "ar"; }, {"'ar'"});
  refused([](auto& f) { f.unit = NoiseUnit::cluster; }, {"em", "cluster"});
  refused([](auto& f) { f.eps_steps = 7; }, {"budget of 7"});
  refused([](auto& f) { f.eps_steps = 200; }, {"200"});
  refused([](auto& f) { f.steps.pop_back(); }, {"575 steps"});
  refused([](auto& f) { f.size = 0; }, {"0 x 0"});
  refused([](auto& f) { f.keys[3] = "item2"; }, {"'item2'", "twice"});
  refused([](auto& f) { f.row_of_key[3] = 12; }, {"row 12 of 12"});
  refused([](auto& f) { f.keys.pop_back(); }, {"11 keys"});
  refused([](auto& f) { f.unit = NoiseUnit::label; }, {"unit class"});
  refused([](auto& f) { f.triggers = {"a"}; }, {"1 triggers for 12 keys"});
  refused([](auto& f) { f.triggers.assign(12, "\xff"); }, {"UTF-8"});
  refused([](auto& f) { f.triggers.assign(12, std::string(1001, 'a')); }, {"short"});

  // The same faults where another program wrote them.
  const std::string state = R"({"method":"em","unit":"sample","eps_steps":8,"training":{}})";
  const auto write = [&](const std::vector<int64_t>& shape, const std::string& keys, int32_t row,
                         const std::string& kind, const std::string& said) {
    SafetensorsWriter writer;
    const std::vector<int8_t> steps(48, 1);
    const std::vector<int32_t> rows{row};
    writer.add<int8_t>("steps", shape, steps);
    writer.add("keys", SafetensorsType::U8, {static_cast<int64_t>(keys.size())},
               std::as_bytes(std::span(keys)));
    writer.add<int32_t>("rows", {1}, rows);
    writer.save(path, {{"format", "t2ue"}, {"kind", kind}, {"state", said}});
  };
  const auto read = [&] { read_noise_table(path); };
  write({1, 4, 4, 3}, R"(["a"])", 0, "noise table", state);
  EXPECT_NO_THROW(read());
  write({1, 4, 4, 3}, R"(["a"])", 0, "generator", state);
  expect_error(read, {"no file of noise"});
  write({1, 4, 4, 3}, R"(["a"])", 0, "noise table", "{");
  expect_error(read, {"JSON"});
  write({1, 4, 4, 3}, R"(["a"])", 0, "noise table", R"({"method":"em"})");
  expect_error(read, {"'unit' is missing"});
  write({1, 3, 16}, R"(["a"])", 0, "noise table", state);
  expect_error(read, {"S x S x 3"});
  write({1, 4, 4, 3}, R"([7])", 0, "noise table", state);
  expect_error(read, {"list of texts"});
  write({1, 4, 4, 3}, R"(["a"])", -2, "noise table", state);
  expect_error(read, {"row -2"});
}

TEST(SurrogateMethods, HaveTheAuthorsConstants) {
  const auto policy = [](const char* name, NoiseUnit unit) {
    return surrogate_preset(*find_surrogate_method(name), unit).policy;
  };
  const NoiseTablePolicy em = policy("em", NoiseUnit::sample), em_class = policy("em", NoiseUnit::label);
  EXPECT_EQ(em.surrogate_steps, 10);
  EXPECT_EQ(em.pgd_steps, 20);
  EXPECT_EQ(em.stop_error, 0.01);
  EXPECT_EQ(em.step_size, 0.8f);
  EXPECT_EQ(em_class.pgd_steps, 1);
  EXPECT_EQ(em_class.stop_error, 0.1);
  const NoiseTablePolicy tap = policy("tap", NoiseUnit::sample), rem = policy("rem", NoiseUnit::sample);
  EXPECT_EQ(tap.target_shift, 1);
  EXPECT_EQ(tap.pgd_steps, 250);
  EXPECT_EQ(tap.step_size, 0.05f * 8);
  EXPECT_EQ(rem.rounds, 5000);
  EXPECT_EQ(rem.attack_radius, 4);
  EXPECT_EQ(policy("error_max", NoiseUnit::sample).direction, NoiseDirection::max);
  EXPECT_EQ(policy("clip_tap", NoiseUnit::sample).direction, NoiseDirection::max);
}

TEST(SurrogateMethods, AllHoldTogetherAndAreListed) {
  for (const SurrogateMethod& method : surrogate_methods()) {
    SCOPED_TRACE(method.name);
    for (const NoiseUnit unit : method.units) {
      EXPECT_NO_THROW(surrogate_preset(method, unit).policy.validate());
      const MethodCard card = surrogate_card(method, unit, 8);
      EXPECT_EQ(card.max_steps(), 8);
      EXPECT_EQ(card.cost, CostClass::surrogate);
      EXPECT_EQ(card.independence, Independence::image_needed);
      EXPECT_EQ(card.needs_text, method.reads_captions);
    }
    EXPECT_EQ(method_named(method.name).card.needs_image, true);
  }
  expect_error([] { surrogate_preset(*find_surrogate_method("clip_em"), NoiseUnit::label); },
               {"clip_em", "sample", "class"});
}

TEST(SurrogateMethods, OutsideTheBenchmarkTheyWantItsFile) {
  MethodFacts facts;
  expect_error([&] { make_method("em", {}, facts); }, {"em", "t2ue bench", "'noise'"});
  const auto path = file_named("registry");
  write_noise_table(path, table(NoiseUnit::sample));
  const auto items = testing_methods::items(12, 4);
  EXPECT_EQ(make_noise_source("em", {{"noise", path.string()}}, facts)->make(items).size(), 12u);
  expect_error([&] { make_method("tap", {{"noise", path.string()}}, facts); }, {"tap", "noise of em"});
  expect_error(
      [&] {
        make_method("em", {{"noise", path.string()}, {"unit", "class"}}, facts);
      },
      {"'unit'", "t2ue bench"});
}

}  // namespace
}  // namespace t2ue

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <charconv>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <t2ue/core/error.hpp>
#include <t2ue/core/rng.hpp>
#include <t2ue/core/sha256.hpp>
#include <t2ue/report/results_table.hpp>

namespace {

using namespace t2ue;
using nlohmann::json;
using testing::HasSubstr;

TEST(CanonicalJson, SortsKeysAndDropsWhitespace) {
  EXPECT_EQ(canonical_json(json::parse(R"({ "b": [1, 2.50, true, null], "a": {"z": "x y", "k": -3} })")),
            R"({"a":{"k":-3,"z":"x y"},"b":[1,2.5,true,null]})");
}

TEST(CanonicalJson, OneSpellingANumber) {
  EXPECT_EQ(canonical_json(json::parse("[1, 1.0, 1e0, 100e-2, -0.0, 0, 1e15]")),
            "[1,1,1,1,0,0,1000000000000000]");
  EXPECT_EQ(canonical_json(json(0.1)), "0.1");
  EXPECT_EQ(canonical_json(json(uint64_t{18446744073709551615u})), "18446744073709551615");
}

TEST(CanonicalJson, RefusesWhatJsonCannotHold) {
  EXPECT_THROW(canonical_json({{"lr", std::numeric_limits<double>::quiet_NaN()}}), Error);
  EXPECT_THROW(canonical_json(json::array({1, std::numeric_limits<double>::infinity()})), Error);
  EXPECT_THROW(canonical_json({{"name", "\xff"}}), Error);
}

TEST(RecipeHash, DependsOnValuesOnly) {
  const std::string hash = recipe_hash(json::parse(R"({"lr": 0.001, "epochs": 10})"));
  EXPECT_EQ(hash, sha256_hex(R"({"epochs":10,"lr":0.001})").substr(0, 12));
  EXPECT_EQ(hash, recipe_hash(json::parse(R"({"epochs": 10.0, "lr": 1e-3})")));
  EXPECT_NE(hash, recipe_hash(json::parse(R"({"lr": 0.002, "epochs": 10})")));
  EXPECT_THROW(recipe_hash(json::array()), Error);
}

TEST(SplitHash, IsThatOfASet) {
  EXPECT_EQ(split_hash({"b", "a"}), split_hash({"a", "b"}));
  EXPECT_EQ(split_hash({"b", "a"}), sha256_hex(R"(["a","b"])").substr(0, 12));
  EXPECT_NE(split_hash({"ab", "c"}), split_hash({"a", "bc"}));
  EXPECT_NE(split_hash({}), split_hash({""}));
  EXPECT_THROW(split_hash({"a", "b", "a"}), Error);
}

ResultRow row(std::string name, RowKind kind, double eps, double hit, double rank, uint64_t seed = 1) {
  ResultRow result{std::move(name), kind, "aaaaaaaaaaaa", "bbbbbbbbbbbb", eps, seed, {}, {}};
  if (kind != RowKind::clean) result.measured = MeasuredNoise{eps, 33.2, 64};
  result.scores = {{hit - 1, hit, hit + 2, Interval{hit - 1.5, hit + 1.5}}, {rank, rank, rank, {}}};
  return result;
}

ResultsTable example_table() {
  ResultsTable table("image-text", {{"Hit@10", 1, 1, true, true}, {"MedR", 801, 0, false, false}});
  table.add(row("clean", RowKind::clean, 0, 21, 201));
  table.add(row("random sign", RowKind::control, 8, 20, 231));
  table.add(row("shuffled", RowKind::control, 8, 19, 261));
  table.add(row("T2UE", RowKind::method, 8, 9, 501));
  table.add(row("T2UE", RowKind::method, 16, 1, 801));
  return table;
}

TEST(ResultsTable, EffectIsRelativeToCleanMinusChance) {
  const ResultsTable table = example_table();
  EXPECT_FALSE(table.effect(0, 0));                   // clean
  EXPECT_NEAR(table.effect(1, 0).value(), 5, 1e-9);   // (21 - 20) / (21 - 1)
  EXPECT_NEAR(table.effect(3, 0).value(), 60, 1e-9);  // (21 - 9) / 20
  EXPECT_NEAR(table.effect(3, 1).value(), 50, 1e-9);  // (201 - 501) / (201 - 801)
  EXPECT_NEAR(table.effect(4, 0).value(), 100, 1e-9);
  EXPECT_NEAR(table.effect_over_control(3, 0).value(), 50, 1e-9);  // 60 less shuffled's 10
  EXPECT_NEAR(table.effect_over_control(3, 1).value(), 40, 1e-9);
  EXPECT_FALSE(table.effect_over_control(2, 0));  // a control
  EXPECT_FALSE(table.effect_over_control(4, 0));  // no control at eps 16
  EXPECT_THROW(table.effect(5, 0), Error);
}

TEST(ResultsTable, NoEffectWhereCleanDidNotLearn) {
  ResultsTable table("weak", {{"Hit@10", 1, 1, true, true}, {"MedR", 801, 0, false, false}});
  table.add(row("clean", RowKind::clean, 0, 1, 900));
  table.add(row("T2UE", RowKind::method, 8, 0.5, 700));
  table.add(row("T2UE", RowKind::method, 8, 0.5, 700, 2));
  EXPECT_FALSE(table.effect(1, 0));
  EXPECT_FALSE(table.effect(1, 1));
  EXPECT_FALSE(table.effect(2, 0));  // no clean row of seed 2
  EXPECT_FALSE(table.effect_over_control(1, 0));
}

TEST(ResultsTable, RefusesRowsThatCannotBeCompared) {
  ResultsTable table = example_table();
  ResultRow other = row("T2UE", RowKind::method, 4, 9, 501);
  other.recipe = "cccccccccccc";
  try {
    table.add(other);
    FAIL() << "a row of another recipe was taken";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("cccccccccccc"));
    EXPECT_THAT(error.what(), HasSubstr("aaaaaaaaaaaa"));
  }
  other = row("T2UE", RowKind::method, 4, 9, 501);
  other.split = "cccccccccccc";
  EXPECT_THROW(table.add(other), Error);
  EXPECT_THROW(table.add(row("T2UE", RowKind::method, 8, 9, 501)), Error);  // twice
  other = row("T2UE", RowKind::method, 4, 9, 501);
  other.measured.reset();
  EXPECT_THROW(table.add(other), Error);
  other = row("T2UE", RowKind::method, 4, 9, 501);
  other.scores.pop_back();
  EXPECT_THROW(table.add(other), Error);
  EXPECT_THROW(table.add(row("T2UE", RowKind::method, 4, std::numeric_limits<double>::quiet_NaN(), 1)),
               Error);
  EXPECT_EQ(table.rows().size(), 5u);
  table.add(row("T2UE", RowKind::method, 4, 9, 501));
  EXPECT_EQ(table.rows().size(), 6u);
  EXPECT_THROW(ResultsTable("empty", {}), Error);
  EXPECT_THROW(ResultsTable("twice", {{"a"}, {"a"}}), Error);
}

TEST(ResultsTable, WritesJson) {
  const json result = json::parse(example_table().to_json().dump());
  EXPECT_EQ(result["recipe"], "aaaaaaaaaaaa");
  EXPECT_EQ(result["rows"].size(), 5u);
  EXPECT_EQ(result["rows"][3]["kind"], "method");
  EXPECT_EQ(result["rows"][3]["measured"]["distinct_deltas"], 64);
  EXPECT_EQ(result["rows"][3]["scores"]["Hit@10"]["last"], 8);
  EXPECT_NEAR(result["rows"][3]["scores"]["Hit@10"]["effect_over_control"].get<double>(), 50, 1e-9);
  EXPECT_EQ(result["rows"][3]["scores"]["Hit@10"]["interval"], (std::vector<double>{7.5, 10.5}));
  EXPECT_TRUE(result["rows"][3]["scores"]["MedR"]["interval"].is_null());
  EXPECT_TRUE(result["rows"][0]["measured"].is_null());
  EXPECT_TRUE(result["rows"][0]["scores"]["Hit@10"]["effect"].is_null());
}

TEST(ResultsTable, ScoreTableHasEveryFigure) {
  EXPECT_THAT(to_text(example_table().score_table()),
              HasSubstr("                               Hit@10     over\n"
                        "row          eps  seed  Hit@10  MedR  effect  control\n"
                        "-----------  ---  ----  ------  ----  ------  -------\n"
                        "clean          -     1    21.0   201       -        -\n"
                        "random sign    8     1    20.0   231       5        -\n"
                        "shuffled       8     1    19.0   261      10        -\n"
                        "T2UE           8     1     9.0   501      60       50\n"
                        "T2UE          16     1     1.0   801     100        -\n"
                        "chance         -     -     1.0   801     100        -\n"));
  const std::string details = to_text(example_table().detail_table());
  EXPECT_THAT(details, HasSubstr("8.0    9.0 [7.5, 10.5]    11.0"));
  EXPECT_THAT(details, HasSubstr("33.2"));
}

TEST(TextTable, AlignsByCodePointsAndRefusesRaggedRows) {
  TextTable table{
      "", {{"name", false}, {"value"}}, {{"\xc3\xa9t\xc3\xa9", "1"}, {"winter", "10"}}, {"a note"}};
  EXPECT_EQ(to_text(table),
            "name    value\n------  -----\n\xc3\xa9t\xc3\xa9         1\nwinter     10\na note\n");
  table.rows.push_back({"one cell"});
  EXPECT_THROW(to_text(table), Error);
}

TEST(Format, NumbersAreAsToCharsWroteThem) {
  Random random(1, Purpose::sign_noise, 0);
  char digits[512];
  for (int i = 0; i < 5000; ++i) {
    // Of any size, and halves of a last digit.
    const auto bits = uint64_t{random.bits()} << 32 | random.bits();
    for (const double value : {std::bit_cast<double>(bits), static_cast<double>(bits % 200'001) / 2000}) {
      const int decimals = i % 6;
      const auto end =
          std::to_chars(digits, digits + sizeof digits, value, std::chars_format::fixed, decimals);
      const std::string wanted(digits, end.ptr);
      if (!std::isnan(value) && wanted.find_first_of("123456789i") != std::string::npos) {
        ASSERT_EQ(format_number(value, decimals), wanted);
      }
    }
  }
}

TEST(Format, NumbersAndDurations) {
  EXPECT_EQ(format_number(2.345, 2), "2.35");
  EXPECT_EQ(format_number(-0.04, 1), "0.0");
  EXPECT_EQ(format_number(-0.06, 1), "-0.1");
  EXPECT_EQ(format_number(std::numeric_limits<double>::quiet_NaN(), 1), "-");
  EXPECT_EQ(format_number(-std::numeric_limits<double>::infinity(), 1), "-inf");
  EXPECT_EQ(format_duration(4.24), "4.2 s");
  EXPECT_EQ(format_duration(59.97), "1 min 00 s");
  EXPECT_EQ(format_duration(185), "3 min 05 s");
  EXPECT_EQ(format_duration(7620), "2 h 07 min");
  EXPECT_EQ(format_duration(-1), "-");
}

}  // namespace

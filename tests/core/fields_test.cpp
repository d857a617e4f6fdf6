// Configurations that list their fields once, and what follows from the list.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include <t2ue/core/fields.hpp>
#include <t2ue/core/renames.hpp>

#include "errors.hpp"

namespace t2ue {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing_errors::error_of;

struct Inner {
  int64_t width = 4;
  std::vector<int> blocks{1, 2};
  void fields(FieldList& f) {
    f("width", width, in_range(1, 64), "Channels");
    f("blocks", blocks, in_range(1, 9), "Of each stage").must_be_given();
  }
};

/// Lies in JSON as an object with the member "half".
class Doubled : public FieldValue {
 public:
  explicit Doubled(int& value) : value_(value) {}
  void read(const json& given, const std::string& where) override {
    check(given.contains("half"), where, "has no half: ", given.dump());
    value_ = 2 * given.at("half").get<int>();
  }
  void write(json& out) const override { out = {{"half", value_ / 2}}; }

 private:
  int& value_;
};

struct Outer {
  bool flip = true;
  int epochs = 16, doubled = 6;
  uint64_t seed = 1;
  float learning_rate = 0.5f, alpha = 0, beta = 0, eps = 8.0f / 255.0f;
  double share = 0.5;
  std::string title = "none";
  Resampler resampler = Resampler::tile;
  Inner inner;

  void fields(FieldList& f) {
    f("flip", flip, "Mirrors");
    f("epochs", epochs, in_range(1, 100'000), "Passes; at least one");
    f("seed", seed, "Of all");
    f("learning_rate", learning_rate, in_range(0.01f, 100), "How fast");
    f("alpha", alpha, in_range(0, 100), "Of one").left_out_if(alpha == 0);
    f("beta", beta, in_range(0, int64_t{1} << 40), "Of the other").left_out_if(alpha == 0);
    f("eps_steps", eps, in_range(0, 127), "Budget").scaled_by(255);
    f("share", share, "Of all pictures");
    f("title", title, "Its name");
    f("resampler", resampler, one_of(Resampler::area, Resampler::tile), "How sizes change; always");
    f("inner", inner, "The tower");
    f("doubled", std::make_shared<Doubled>(doubled), "Twice something");
  }
  void validate() const { check(alpha == 0 || beta == 0, "outer", "'alpha' and 'beta' cannot both be on"); }
};

Outer outer(const json& given) {
  return with_json(Outer{}, given, "recipe");
}
json written(Outer value) {
  return write_fields(fields_of(value, "recipe"));
}

TEST(Fields, WhatIsGivenReplacesDefaults) {
  const Outer value = outer({{"flip", false},
                             {"epochs", 3},
                             {"seed", 1ull << 60},
                             {"learning_rate", 0.01},
                             {"share", 0.25},
                             {"title", "x"},
                             {"eps_steps", 16},
                             {"resampler", "area"},
                             {"inner", {{"width", 5}, {"blocks", {7}}}},
                             {"doubled", {{"half", 4}}}});
  EXPECT_FALSE(value.flip);
  EXPECT_EQ(value.epochs, 3);
  EXPECT_EQ(value.seed, 1ull << 60);
  EXPECT_EQ(value.learning_rate, 0.01f) << "the end of a range is in it, as a float";
  EXPECT_EQ(value.share, 0.25);
  EXPECT_EQ(value.title, "x");
  EXPECT_EQ(value.eps, 16.0f / 255.0f);
  EXPECT_EQ(value.resampler, Resampler::area);
  EXPECT_EQ(value.inner.width, 5);
  EXPECT_EQ(value.inner.blocks, std::vector<int>{7});
  EXPECT_EQ(value.doubled, 8);
  EXPECT_EQ(written(outer(json::object())), written({}));
  EXPECT_EQ(outer({{"epochs", nullptr}}).epochs, 16);
}

TEST(Fields, WrittenFieldsAreReadBack) {
  Outer value;
  value.alpha = 0.5f, value.inner.blocks = {3, 3}, value.doubled = 10;
  const json text = written(value);
  EXPECT_EQ(text.at("alpha"), 0.5f);
  EXPECT_EQ(text.at("beta"), 0.0f);
  EXPECT_EQ(text.at("eps_steps"), 8.0f);
  EXPECT_EQ(text.at("resampler"), "tile");
  EXPECT_EQ(written(outer(text)), text);
}

TEST(Fields, WhatCameLaterIsLeftOutWhereItIsOff) {
  EXPECT_FALSE(written({}).contains("alpha"));
  EXPECT_FALSE(written({}).contains("beta"));
}

TEST(Fields, ErrorsNameKeyAndValue) {
  const std::vector<std::pair<json, std::vector<std::string>>> wrong{
      {{{"hue", 1}}, {"[recipe]", "unknown key 'hue'", "known: alpha, beta, doubled, epochs"}},
      {{{"epochs", 0}}, {"'epochs' is 0, outside 1..100000"}},
      {{{"epochs", "x"}}, {"'epochs' has the wrong type: \"x\""}},
      {{{"learning_rate", 0.001}}, {"'learning_rate' is 0.001, outside 0.01..100"}},
      {{{"eps_steps", 128}}, {"'eps_steps' is 128, outside 0..127"}},
      {{{"resampler", "bilinear"}}, {"'resampler' is 'bilinear'; one of: area, tile"}},
      {{{"resampler", 1}}, {"'resampler' has the wrong type: 1"}},
      {{{"inner", {{"width", 3}}}}, {"[recipe, inner]", "'blocks' is missing"}},
      {{{"inner", {{"blocks", {1, 10}}}}}, {"'blocks' has 10, outside 1..9"}},
      {{{"inner", {{"blocks", {1}}, {"depth", 2}}}}, {"[recipe, inner]", "unknown key 'depth'"}},
      {{{"inner", 3}}, {"expected a JSON object, got number"}},
      {{{"doubled", json::object()}}, {"[recipe, doubled]", "has no half"}},
      {{{"alpha", 1}, {"beta", 1}}, {"cannot both be on"}},
      {json::array(), {"expected a JSON object"}}};
  for (const auto& [given, parts] : wrong)
    for (const std::string& part : parts)
      EXPECT_THAT(error_of([&, &g = given] { outer(g); }), HasSubstr(part)) << given;
}

TEST(Fields, HelpSaysWhatValuesThereAre) {
  Outer value;
  value.alpha = 0.001f;
  const FieldList list = fields_of(value, "recipe");
  const auto help = [&](const char* name) { return help_of(*list.find(name)); };
  EXPECT_EQ(help("epochs"), "Passes, 1..100000; at least one");
  EXPECT_EQ(help("learning_rate"), "How fast, 0.01..100");
  EXPECT_EQ(help("beta"), "Of the other");
  EXPECT_EQ(help("resampler"), "How sizes change: area or tile; always");
  EXPECT_EQ(text_of(*list.find("alpha")), "0.001");
  EXPECT_EQ(text_of(*list.find("flip")), "true");
  EXPECT_EQ(text_of(*list.find("resampler")), "tile");
  EXPECT_EQ(list.find("hue"), nullptr);
}

TEST(Fields, TextsOfTheCommandLineHaveTheFieldsType) {
  Outer value;
  const FieldList list = fields_of(value, "recipe");
  const auto parsed = [&](const char* name, const char* text) {
    return json_of_text(*list.find(name), text);
  };
  EXPECT_EQ(parsed("epochs", "3"), 3);
  EXPECT_TRUE(parsed("epochs", "3.5").is_discarded());
  EXPECT_TRUE(parsed("epochs", "x").is_discarded());
  EXPECT_EQ(parsed("share", "1"), 1);
  EXPECT_EQ(parsed("title", "3"), "3");
  EXPECT_EQ(parsed("resampler", "area"), "area");
  EXPECT_EQ(parsed("flip", "false"), false);
}

TEST(Renames, NamesOfBeforeAreReadAndTold) {
  std::vector<std::string> notes;
  on_rename([&](const std::string& note) { notes.push_back(note); });
  EXPECT_EQ(outer({{"rate", 0.5}}).learning_rate, 0.5f);
  outer({{"rate", 0.5}});
  ASSERT_EQ(notes.size(), 1u) << "once a name";
  EXPECT_THAT(notes[0], testing::AllOf(HasSubstr("'rate'"), HasSubstr("'learning_rate'")));
  EXPECT_THAT(error_of([] {
                outer({{"rate", 0.5}, {"learning_rate", 0.5}});
              }),
              testing::AllOf(HasSubstr("'rate'"), HasSubstr("'learning_rate'"), HasSubstr("both")));
  on_rename({});
}

TEST(Renames, TheTableGoesBothWaysAndOnlyWhereItSays) {
  for (const Rename& rename : renames) {
    const json before{{std::string(rename.scope), {{std::string(rename.before), 1}}}},
        now{{std::string(rename.scope), {{std::string(rename.now), 1}}}};
    EXPECT_EQ(with_present_names(before), now);
    EXPECT_EQ(with_first_names(now), before);
    EXPECT_EQ(with_first_names(before), before);
    EXPECT_EQ(with_first_names(now.front()), before.front()) << "nobody says what it is";
    EXPECT_EQ(with_present_names({{"plans", {now, before}}}), json({{"plans", {now, now}}}));
    const json elsewhere{{std::string(rename.before), 1}, {"other", {{std::string(rename.now), 1}}}};
    EXPECT_EQ(with_present_names(elsewhere), elsewhere);
    EXPECT_EQ(with_first_names(elsewhere), elsewhere);
  }
}

}  // namespace
}  // namespace t2ue

// How much of the time went into waiting for data: in the lines of progress and in the results.
#include "apps/program.hpp"

namespace {

using namespace t2ue;
using namespace t2ue::testing_apps;
using testing::AllOf;
using testing::ContainsRegex;
using testing::Ge;
using testing::Le;
using testing_data::fresh_folder;

void expect_shares(const Ended& ended, const std::string& part) {
  ASSERT_EQ(ended.code, 0) << ended.err;
  for (const char* name : {"reading", "training"})
    EXPECT_THAT(ended.json().at("data_share").at(name).get<double>(), AllOf(Ge(0.0), Le(1.0))) << name;
  EXPECT_GT(ended.json().at("data_share").at("training").get<double>(), 0.0) << "filling batches takes time";
  EXPECT_THAT(ended.err, ContainsRegex("read .* data +[0-9]+ %"));
  EXPECT_THAT(ended.err, ContainsRegex(part + " .* data +[0-9]+ %"));
}

TEST(DataShare, IsToldByTheTrainingCommands) {
  const Workshop& w = Workshop::get();
  const auto folder = fresh_folder();
  expect_shares(program(w.train_clip(folder / "m.safetensors") + Words{"--progress"}), "train clip");
  expect_shares(program(w.train_generator(folder / "g.safetensors") + Words{"--progress"}),
                "train generator");
  expect_shares(program(w.train_classifier(folder / "c.safetensors") + Words{"--progress"}),
                "train classifier");
}

TEST(DataShare, IsToldByTheEvaluations) {
  const Workshop& w = Workshop::get();
  for (const char* what : {"retrieval", "zero-shot"}) {
    const Ended ended = program({"evaluate", what, "--model", w.clip, "--data", w.pictures, "--json"});
    ASSERT_EQ(ended.code, 0) << ended.err;
    EXPECT_THAT(ended.json().at("data_share").at("reading").get<double>(), AllOf(Ge(0.0), Le(1.0)));
  }
}

TEST(DataShare, IsToldOfPicturesThatAreHashed) {
  const Ended info =
      program({"data", "info", Workshop::get().pictures, "--duplicates", "--progress", "--json"});
  ASSERT_EQ(info.code, 0) << info.err;
  EXPECT_THAT(info.json().at("duplicates").at("data_share").get<double>(), AllOf(Ge(0.0), Le(1.0)));
  EXPECT_THAT(info.err, ContainsRegex("hash pictures .* data +[0-9]+ %"));
}

}  // namespace

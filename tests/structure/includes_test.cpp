// The rules of includes, held by the repository's own files; and each rule shown to notice a planted offence.
#include "structure/includes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace t2ue::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const Includes& repository() {
  static const Includes includes = read_includes(T2UE_SOURCE_DIR);
  return includes;
}

TEST(Includes, AreReadFromTheWholeRepository) {
  EXPECT_GT(repository().size(), 400u);
  EXPECT_THAT(repository().at("core/tensor.hpp"), testing::Contains("t2ue/core/backend.hpp"));
  EXPECT_THAT(repository().at("apps/demo/parts.cpp"), testing::Contains("t2ue/apps/demo/demo.hpp"));
}

TEST(Includes, NoArrowRunsUp) {
  EXPECT_THAT(arrows_up(repository()), IsEmpty());
}

TEST(Includes, NoCycleBetweenFolders) {
  EXPECT_THAT(folder_cycles(repository()), IsEmpty());
}

// Those that hold a json by value or are templates that write one. The list only ever gets shorter.
const std::set<std::string> with_json = {
    "core/json_reader.hpp",      "eval/bench/plan.hpp",  "eval/bench/protect.hpp",
    "eval/bench/runner.hpp",     "eval/bench/store.hpp", "methods/option_fields.hpp",
    "methods/trained_file.hpp",  "training/bilevel.hpp", "training/noise_trainer.hpp",
    "training/training_run.hpp",
};

TEST(Includes, PublicHeadersAreFreeOfThirdParties) {
  std::set<std::string> expected;
  for (const std::string& file : with_json)
    expected.insert(file + " includes nlohmann/json.hpp, which belongs into its .inl.hpp");
  const std::vector<std::string> found = third_party_in_public(repository());
  EXPECT_EQ(std::set<std::string>(found.begin(), found.end()), expected);
}

TEST(Includes, EveryFolderIsBelowWhatIncludesIt) {
  // The table itself: a folder may include only those before it, so that no order of folders is circular.
  for (size_t i = 0; i < floors.size(); ++i)
    for (size_t k = i; k < floors.size(); ++k)
      EXPECT_FALSE(has_word(floors[i].may_include, floors[k].folder))
          << floors[i].folder << ", " << floors[k].folder;
}

TEST(Includes, ALineIsReadAsThePreprocessorDoes) {
  EXPECT_EQ(included_name("#include <vector>", "core/a.hpp"), "vector");
  EXPECT_EQ(included_name("  # include <t2ue/core/b.hpp>  // why", "core/a.hpp"), "t2ue/core/b.hpp");
  EXPECT_EQ(included_name("#include \"../commands.hpp\"", "apps/demo/demo.hpp"), "t2ue/apps/commands.hpp");
  EXPECT_EQ(included_name("// #include <vector>", "core/a.hpp"), "");
}

TEST(Includes, PlantedArrowsAreFound) {
  EXPECT_THAT(arrows_up({{"noise/a.hpp", {"t2ue/models/module.hpp", "t2ue/data/image/image.hpp"}},
                         {"core/b.inl.hpp", {"vector", "t2ue/cuda/backend.hpp"}},
                         {"report/c.hpp", {"t2ue/data/text/csv.hpp"}},
                         {"optim/d.hpp", {"t2ue/training/trainer.hpp"}},
                         {"eval/e.hpp", {"t2ue/t2ue.hpp"}}}),
              ElementsAre(HasSubstr("core/b.inl.hpp includes t2ue/cuda/backend.hpp"),
                          HasSubstr("eval/e.hpp includes t2ue/t2ue.hpp"),
                          HasSubstr("noise/a.hpp includes t2ue/models/module.hpp"),
                          HasSubstr("optim/d.hpp includes t2ue/training/trainer.hpp"),
                          HasSubstr("report/c.hpp includes t2ue/data/text/csv.hpp")));
}

TEST(Includes, PlantedCyclesAreFound) {
  EXPECT_THAT(folder_cycles({{"data/text/a.hpp", {"t2ue/data/image/b.hpp"}},
                             {"data/text/d.hpp", {}},
                             {"data/image/b.hpp", {"t2ue/data/records/c.hpp"}},
                             {"data/records/c.hpp", {"t2ue/data/text/d.hpp", "vector"}}}),
              ElementsAre(HasSubstr("(data/records/c.hpp)")));
  EXPECT_THAT(folder_cycles({{"core/plan.hpp", {"t2ue/core/ops/add.hpp"}},
                             {"core/ops/add.hpp", {"t2ue/core/graph.hpp"}},
                             {"core/graph.hpp", {"t2ue/core/graph.inl.hpp"}},
                             {"core/graph.inl.hpp", {"t2ue/core/plan.hpp"}}}),
              ElementsAre(HasSubstr("(core/graph.inl.hpp)")));
}

TEST(Includes, FilesThatStandAboveAndBelowAFolderAreNoCycle) {
  EXPECT_THAT(folder_cycles({{"core/kernels.hpp", {"t2ue/core/args/layers.hpp"}},
                             {"core/args/layers.hpp", {"t2ue/core/view.hpp"}},
                             {"core/view.hpp", {"t2ue/core/view.inl.hpp"}},
                             {"core/view.inl.hpp", {"t2ue/core/view.hpp"}}}),
              IsEmpty());
}

TEST(Includes, PlantedThirdPartiesAreFound) {
  EXPECT_THAT(
      third_party_in_public(
          {{"t2ue.hpp", {"t2ue/core/a.hpp", "t2ue/data/b.hpp"}},
           {"core/a.hpp", {"fmt/format.h", "nlohmann/json_fwd.hpp", "filesystem", "t2ue/core/a.inl.hpp"}},
           {"core/a.inl.hpp", {"nlohmann/json.hpp", "t2ue/core/reader.hpp"}},
           {"core/reader.hpp", {"nlohmann/json.hpp"}},
           {"data/b.hpp", {"nlohmann/json.hpp"}},
           {"noise.hpp", {"zlib.h"}}}),
      ElementsAre(HasSubstr("data/b.hpp includes nlohmann/json.hpp"),
                  HasSubstr("noise.hpp includes zlib.h")));
}

}  // namespace
}  // namespace t2ue::test

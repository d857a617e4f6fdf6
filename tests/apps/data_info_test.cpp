// `t2ue data info`, and training on data sets in their published forms.
#include "apps/program.hpp"

#include <t2ue/data/image/resize_image.hpp>

#include "data/readers.hpp"

namespace {

using namespace t2ue;
using namespace t2ue::testing_apps;
using namespace t2ue::testing_data;
using testing::AllOf;
using testing::HasSubstr;

/// A folder a class with splits; one picture of the test is one of training, a little smaller.
std::filesystem::path class_folders() {
  const auto folder = fresh_folder();
  for (uint64_t i = 0; i < 6; ++i) {
    const Image picture = resize_image(random_image(5, 5, 3, i), 40, 60);
    std::filesystem::create_directories(folder / "train" / (i < 4 ? "cat" : "dog"));
    write_file(folder / "train" / (i < 4 ? "cat" : "dog") / concat(i, ".png"), encode_png(picture));
    if (i != 1) continue;
    std::filesystem::create_directories(folder / "test/cat");
    write_file(folder / "test/cat/twin.png", encode_png(resize_image(picture, 32, 32)));
  }
  put(folder / "test/dog/9.png", "", 9);
  write_file(folder / "test/dog/bad.png", std::string_view("no picture"));
  return folder;
}

TEST(DataInfo, DescribesWhatIsThere) {
  const auto folder = class_folders();
  const auto sheet = std::filesystem::path(testing::TempDir()) / "t2ue-data-info-sheet.png";
  const Ended ended = program({"data", "info", folder, "--json", "--sheet", sheet, "--duplicates"});
  ASSERT_EQ(ended.code, 0) << ended.err;
  const auto json = ended.json();
  EXPECT_EQ(json.at("format"), "classes");
  EXPECT_EQ(json.at("records"), 9);
  EXPECT_EQ(json.at("splits").at("train").at("pictures"), 6);
  EXPECT_EQ(json.at("splits").at("test").at("pictures"), 3);
  EXPECT_EQ(json.at("splits").at("test").at("hash").get<std::string>().size(), 12u);
  EXPECT_EQ(json.at("captions").at("count"), 0);
  EXPECT_EQ(json.at("labels").at("top").at(0).at("name"), "cat");
  EXPECT_EQ(json.at("labels").at("top").at(0).at("count"), 5);
  EXPECT_EQ(json.at("pictures").at("sampled"), 9);
  EXPECT_EQ(json.at("pictures").at("width").at("max"), 60);
  EXPECT_EQ(json.at("pictures").at("bad").at("count"), 1);
  EXPECT_EQ(json.at("bad").at("count"), 0);
  const auto& duplicates = json.at("duplicates");
  EXPECT_EQ(duplicates.at("hashed"), 8);
  ASSERT_EQ(duplicates.at("count"), 1);
  EXPECT_EQ(duplicates.at("pairs").at(0).at("key"), "cat/twin");
  EXPECT_EQ(duplicates.at("pairs").at(0).at("split"), "test");
  EXPECT_EQ(duplicates.at("pairs").at(0).at("twin"), "cat/1");
  EXPECT_EQ(load_image(sheet).width, 8 * 98 + 2);

  const Ended text = program({"data", "info", folder});
  EXPECT_EQ(text.code, 0);
  EXPECT_THAT(text.out, AllOf(HasSubstr("split test: 3 pictures, 0 captions, hash " +
                                        json.at("splits").at("test").at("hash").get<std::string>()),
                              HasSubstr("cat 5, dog 4"), HasSubstr("bad.png")));
}

TEST(DataInfo, SplitsByManifestAndBadRecords) {
  const Workshop& w = Workshop::get();
  const auto folder = fresh_folder();
  std::string manifest;
  for (int i = 0; i < 16; ++i) manifest += concat("p", i, i < 10 ? "\ttrain\n" : "\ttest\n");
  put(folder / "splits.tsv", manifest);
  const auto json = program({"data", "info", w.pictures, "--splits", folder / "splits.tsv", "--json"}).json();
  EXPECT_EQ(json.at("splits").at("train").at("pictures"), 10);
  EXPECT_EQ(json.at("splits").at("test").at("captions"), 6);
  put(folder / "splits.tsv", manifest + "gone\ttest\n");
  const auto more = program({"data", "info", w.pictures, "--splits", folder / "splits.tsv", "--json"}).json();
  EXPECT_EQ(more.at("bad").at("count"), 1);
  EXPECT_EQ(more.at("splits"), json.at("splits"));
}

TEST(DataInfo, SaysWhatItCannotRead) {
  const auto folder = fresh_folder();
  const Ended ended = program({"data", "info", folder});
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ended.err,
              AllOf(HasSubstr("no data set in a form that is known"), HasSubstr("captions_*.json")));
  EXPECT_EQ(program({"data", "info", folder, "--format", "nonsense"}).code, 2);
}

TEST(PublishedForms, AreTrainedOnAndMeasured) {
  const Workshop& w = Workshop::get();
  const auto folder = fresh_folder();
  // The workshop's pictures as Karpathy's JSON: ten to train, six to test.
  nlohmann::json images = nlohmann::json::array();
  for (int i = 0; i < 16; ++i)
    images.push_back({{"filename", concat("p", i, ".png")},
                      {"split", i < 10 ? "train" : "test"},
                      {"sentences", {{{"raw", concat("red cat ", i)}}, {{"raw", "a cat"}}}}});
  put(folder / "dataset_tiny.json", nlohmann::json({{"images", images}}).dump());
  const Words flags{"--picture-folder", w.pictures};
  Words train = w.train_clip(folder / "clip.safetensors");
  train[3] = folder;
  const Ended trained = program(train + flags + Words{"--eval", folder});
  ASSERT_EQ(trained.code, 0) << trained.err;
  EXPECT_EQ(trained.json().at("pictures"), 10);
  EXPECT_EQ(trained.json().at("evaluation").at("pictures"), 6);
  const Ended measured = program(
      Words{"evaluate", "retrieval", "--model", folder / "clip.safetensors", "--data", folder, "--json"} +
      flags);
  ASSERT_EQ(measured.code, 0) << measured.err;
  EXPECT_EQ(measured.json().at("pictures"), 6);
  EXPECT_EQ(measured.json().at("captions"), 12);
  const Ended noise = program({"noise", "--generator", w.generator, "--captions", folder, "--split", "test",
                               "--out", folder / "noise", "--json"});
  ASSERT_EQ(noise.code, 0) << noise.err;
  EXPECT_EQ(noise.json().at("noises"), 6);  // one a picture, whatever its captions
  const Ended none = program(train + flags + Words{"--split", "absent"});
  EXPECT_EQ(none.code, 2);
  EXPECT_THAT(none.err, HasSubstr("train, test"));
}

}  // namespace

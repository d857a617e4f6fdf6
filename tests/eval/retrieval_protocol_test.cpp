#include <gtest/gtest.h>

#include <errors.hpp>
#include <nlohmann/json.hpp>
#include <t2ue/core/atomic_file.hpp>
#include <t2ue/core/rng.hpp>
#include <t2ue/core/safetensors.hpp>
#include <t2ue/eval/retrieval_export.hpp>
#include <t2ue/eval/retrieval_protocol.hpp>

#include "data/pictures.hpp"

namespace t2ue {
namespace {

using testing_errors::expect_error;
using Rows = std::vector<int64_t>;

TEST(Protocol, AnyHitTakesAllCaptions) {
  const auto captions = captions_of_protocol(Rows{0, 2, 3, 6}, RetrievalProtocol::any_hit);
  EXPECT_EQ(captions.rows, (Rows{0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(captions.owner, (Rows{0, 0, 1, 2, 2, 2}));
}

TEST(Protocol, OneToOneTakesTheFirst) {
  const auto captions = captions_of_protocol(Rows{0, 2, 3, 6}, RetrievalProtocol::one_to_one);
  EXPECT_EQ(captions.rows, (Rows{0, 2, 3}));
  EXPECT_EQ(captions.owner, (Rows{0, 1, 2}));
}

TEST(Protocol, OneToOneDrawsOneBySeed) {
  Rows begin;
  for (int64_t i = 0; i <= 500; ++i) begin.push_back(5 * i);
  const auto draw = [&](uint64_t seed) {
    return captions_of_protocol(begin, RetrievalProtocol::one_to_one, CaptionChoice::drawn, seed).rows;
  };
  const Rows drawn = draw(3);
  ASSERT_EQ(drawn.size(), 500U);
  std::array<int, 5> places{};
  for (size_t i = 0; i < drawn.size(); ++i) {
    ASSERT_GE(drawn[i], begin[i]);
    ASSERT_LT(drawn[i], begin[i + 1]);
    ++places[static_cast<size_t>(drawn[i] - begin[i])];
  }
  for (const int count : places) EXPECT_NEAR(count, 100, 45) << "five sigma";
  EXPECT_EQ(drawn, draw(3));
  EXPECT_NE(drawn, draw(4));
}

TEST(Protocol, RefusesAPictureWithoutCaption) {
  expect_error([] { captions_of_protocol(Rows{0, 2, 2, 3}, RetrievalProtocol::any_hit); }, {"picture 1"});
}

/// Three pictures and four captions, and what is exported of them.
struct Export : testing::Test {
  const std::vector<std::string> keys{"a", "b/2", "c"},
      captions{"one", "two \"quoted\"", "three\nlines", "ö"};
  const Rows owner{0, 0, 1, 2};
  const std::vector<float> images{1, 0, 0, 1, 0.6f, 0.8f}, texts{1, 0, 0, 1, 0.8f, 0.6f, 1, 0};
  const RetrievalResult result = retrieval(images, texts, 2, owner);
  const std::filesystem::path folder = testing_data::fresh_folder() / "export";

  RetrievalExport what() const { return {keys, captions, owner, images, texts, 2, result}; }
  std::vector<nlohmann::json> lines(const std::string& name) const {
    std::istringstream text(read_text(folder / name));
    std::vector<nlohmann::json> objects;
    for (std::string line; std::getline(text, line);) objects.push_back(nlohmann::json::parse(line));
    return objects;
  }
};

TEST_F(Export, HoldsFeaturesKeysAndRanks) {
  export_retrieval(folder, what(), {{"protocol", "any-hit"}});
  const SafetensorsFile file(folder / "features.safetensors");
  EXPECT_EQ(file.at("image_features").values<float>(), images);
  EXPECT_EQ(file.at("image_features").shape, (Rows{3, 2}));
  EXPECT_EQ(file.at("text_features").values<float>(), texts);
  EXPECT_EQ(file.at("owner").values<int64_t>(), owner);

  const auto pictures = lines("pictures.jsonl"), sentences = lines("captions.jsonl");
  ASSERT_EQ(pictures.size(), 3U);
  ASSERT_EQ(sentences.size(), 4U);
  EXPECT_EQ(pictures[1], (nlohmann::json{{"row", 1}, {"key", "b/2"}}));
  for (size_t j = 0; j < 4; ++j) {
    EXPECT_EQ(sentences[j].at("caption"), captions[j]);
    EXPECT_EQ(sentences[j].at("key"), keys[static_cast<size_t>(owner[j])]);
  }
  // Picture a (1, 0) scores 1 with "one" and, as high, with the caption of c: rank 1.5 of 1 to 2.
  const auto ranks = lines("image_to_text.jsonl");
  ASSERT_EQ(ranks.size(), 3U);
  EXPECT_EQ(ranks[0],
            (nlohmann::json{{"row", 0}, {"rank", 1.5}, {"rank_optimistic", 1}, {"rank_pessimistic", 2}}));
  double mean = 0;
  for (const auto& line : lines("text_to_image.jsonl")) mean += line.at("rank").get<double>() / 4;
  EXPECT_NEAR(mean, result.text_to_image.mean_rank, 1e-12);
  EXPECT_EQ(nlohmann::json::parse(read_text(folder / "retrieval.json")).at("protocol"), "any-hit");
}

TEST_F(Export, LeavesAFolderThatIsThereAlone) {
  std::filesystem::create_directories(folder);
  write_file(folder / "mine.txt", "kept");
  expect_error([&] { export_retrieval(folder, what(), {}); }, {"not empty", folder.string()});
  EXPECT_EQ(read_text(folder / "mine.txt"), "kept");
  EXPECT_FALSE(std::filesystem::exists(folder / "features.safetensors"));
}

TEST_F(Export, RefusesSizesThatDoNotFit) {
  const std::vector<std::string> fewer{"a", "b"};
  const RetrievalExport wrong{fewer, captions, owner, images, texts, 2, result};
  expect_error([&] { export_retrieval(folder, wrong, {}); }, {"2 pictures"});
  const Rows outside{0, 0, 1, 3};
  const RetrievalExport lost{keys, captions, outside, images, texts, 2, result};
  expect_error([&] { export_retrieval(folder, lost, {}); }, {"picture 3 of 3"});
  EXPECT_FALSE(std::filesystem::exists(folder));
}

}  // namespace
}  // namespace t2ue

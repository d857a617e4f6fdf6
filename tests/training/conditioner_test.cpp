#include <gtest/gtest.h>

#include <algorithm>

#include <t2ue/training/conditioner.hpp>

namespace t2ue {
namespace {

/// A row is a text's length and its number of lines.
std::vector<float> counted(std::span<const std::string> texts) {
  std::vector<float> rows;
  for (const std::string& text : texts) {
    rows.push_back(static_cast<float>(text.size()));
    rows.push_back(static_cast<float>(1 + std::count(text.begin(), text.end(), '\n')));
  }
  return rows;
}

const std::vector<std::string> item_texts{"a dog runs", "a cat", "a dog\nthe dog sits"};

TEST(Conditioner, TellsEveryItemItsOwnTextWithoutKeywords) {
  const Conditioner conditioner(2, counted);
  const Conditions conditions = conditioner.of_texts(item_texts);
  EXPECT_EQ(conditions.width, 2);
  EXPECT_EQ(conditions.table, (std::vector<float>{10, 1, 5, 1, 18, 2}));
  EXPECT_EQ(conditions.row_of_item, (std::vector<int32_t>{0, 1, 2}));
  EXPECT_EQ(conditions.texts, item_texts);
  EXPECT_FALSE(conditions.shared);
  EXPECT_EQ(conditioner.rows(item_texts), conditions.table) << "noise is made from what training was told";
}

TEST(Conditioner, KeywordsShareRowsInTrainingAndAfterwards) {
  const Conditioner conditioner(2, counted, {{"dog"}});
  const Conditions conditions = conditioner.of_texts(item_texts);
  EXPECT_EQ(conditions.texts, (std::vector<std::string>{"dog", "picture"}));
  EXPECT_EQ(conditions.row_of_item, (std::vector<int32_t>{0, 1, 0}));
  EXPECT_TRUE(conditions.shared);
  const std::vector<float> rows = conditioner.rows(item_texts);
  for (size_t i = 0; i < item_texts.size(); ++i)
    for (size_t c = 0; c < 2; ++c)
      EXPECT_EQ(rows[2 * i + c], conditions.table[static_cast<size_t>(conditions.row_of_item[i]) * 2 + c]);
}

TEST(Conditioner, ClassesAreToldByTheirPrompts) {
  PairDataset pictures;
  pictures.label_names = {"owl", "bear"}, pictures.labels = {1, 1, 0};
  const Conditions conditions = Conditioner(2, counted).of_classes(pictures);
  EXPECT_EQ(conditions.texts, (std::vector<std::string>{"a photo of a owl", "a photo of a bear"}));
  EXPECT_EQ(conditions.row_of_item, pictures.labels);
  EXPECT_TRUE(conditions.shared);
}

TEST(Conditions, StatisticsAreOverItemsNotRows) {
  Conditions conditions;
  conditions.width = 1, conditions.table = {1, 5}, conditions.row_of_item = {0, 0, 0, 1};
  const ConditionStatistics statistics = condition_statistics(conditions);
  EXPECT_FLOAT_EQ(statistics.mean[0], 2);
  EXPECT_FLOAT_EQ(statistics.variance[0], 3);
}

}  // namespace
}  // namespace t2ue

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <errors.hpp>
#include <limits>
#include <t2ue/core/atomic_file.hpp>
#include <t2ue/core/rng.hpp>
#include <t2ue/eval/classification.hpp>
#include <t2ue/eval/prompt_templates.hpp>
#include <t2ue/eval/zero_shot.hpp>

#include "data/pictures.hpp"

namespace t2ue {
namespace {

using testing_data::fresh_folder;
using testing_errors::expect_error;
using Texts = std::vector<std::string>;

/// Stands in for a text tower: numbers decided by the text alone, of lengths far from 1.
std::vector<float> encode(std::span<const std::string> texts, int64_t dim) {
  std::vector<float> rows;
  for (const std::string& text : texts) {
    Random random(std::hash<std::string>{}(text), Purpose::test);
    const float length = random.uniform(0.01f, 100.0f);
    for (int64_t d = 0; d < dim; ++d) rows.push_back(length * (random.normal() + 0.5f));
  }
  return rows;
}
TextEncoding encoding(int64_t dim) {
  return [dim](std::span<const std::string> texts) { return encode(texts, dim); };
}

/// The definition, one class and one template at a time.
std::vector<double> class_by_definition(const std::string& name, const Texts& templates, int64_t dim) {
  const auto length = [](const std::vector<double>& x) {
    double squares = 0;
    for (const double value : x) squares += value * value;
    return std::sqrt(squares);
  };
  std::vector<double> mean(static_cast<size_t>(dim));
  for (const std::string& text : templates) {
    const Texts prompt{text.substr(0, text.find('{')) + name + text.substr(text.find('}') + 1)};
    const std::vector<float> row = encode(prompt, dim);
    const std::vector<double> feature(row.begin(), row.end());
    for (size_t d = 0; d < mean.size(); ++d)
      mean[d] += feature[d] / length(feature) / static_cast<double>(templates.size());
  }
  const double scale = length(mean);
  for (double& value : mean) value /= scale;
  return mean;
}

TEST(ZeroShot, MatchesItsDefinitionInDouble) {
  constexpr int64_t dim = 24;
  const Texts names{"cat", "dog", "grand piano", "sun", "moon", "owl", "ship"},
      templates = template_set("varied");
  const std::vector<float> classes = class_embeddings(names, templates, dim, encoding(dim));
  ASSERT_EQ(classes.size(), names.size() * dim);
  Random random(2, Purpose::test);
  std::vector<float> images;
  for (int i = 0; i < 50 * dim; ++i) images.push_back(random.normal());
  const std::vector<float> scores = class_scores(images, classes, dim);
  ASSERT_EQ(scores.size(), 50 * names.size());
  std::vector<int32_t> labels;
  double right = 0;
  for (size_t i = 0; i < 50; ++i) {
    std::vector<double> by_definition;
    for (size_t c = 0; c < names.size(); ++c) {
      const auto direction = class_by_definition(names[c], templates, dim);
      double score = 0;
      for (size_t d = 0; d < direction.size(); ++d) {
        EXPECT_NEAR(classes[c * dim + d], direction[d], 1e-6) << names[c];
        score += direction[d] * double{images[i * dim + d]};
      }
      EXPECT_NEAR(scores[i * names.size() + c], score, 1e-5);
      by_definition.push_back(score);
    }
    labels.push_back(static_cast<int32_t>(i % names.size()));
    const auto best = std::max_element(by_definition.begin(), by_definition.end()) - by_definition.begin();
    right += best == labels.back() ? 2 : 0;
  }
  EXPECT_NEAR(classification(scores, labels, 7).accuracy, right, 1e-9);
}

TEST(ZeroShot, AClassDoesNotDependOnTheOthers) {
  // More prompts than are encoded at once.
  Texts names;
  for (int i = 0; i < 400; ++i) names.push_back(concat("class ", i));
  const Texts templates = template_set("varied");
  const auto all = class_embeddings(names, templates, 5, encoding(5));
  const Texts last{names.back()};
  const auto alone = class_embeddings(last, templates, 5, encoding(5));
  EXPECT_EQ(std::vector<float>(all.end() - 5, all.end()), alone);
}

TEST(ZeroShot, ClassesOfOneNameTieAndCountAsChance) {
  const Texts names(4, "thing");
  const auto classes = class_embeddings(names, template_set("photo"), 8, encoding(8));
  std::vector<float> images;
  Random random(4, Purpose::test);
  for (int i = 0; i < 20 * 8; ++i) images.push_back(random.normal());
  const std::vector<int32_t> labels(20, 2);
  const auto result = classification(class_scores(images, classes, 8), labels, 4);
  EXPECT_NEAR(result.accuracy, 25, 1e-9);
  EXPECT_NEAR(result.tied, 100, 1e-9);
}

TEST(ZeroShot, RefusesWhatHasNoDirection) {
  const Texts names{"cat", "dog"}, one{"a {}"}, two{"a {}", "not a {}"};
  const auto opposite = [](std::span<const std::string> texts) {
    std::vector<float> rows;
    for (const std::string& text : texts) rows.push_back(text.starts_with("not") ? -2.0f : 3.0f);
    return rows;
  };
  expect_error([&] { class_embeddings(names, two, 1, opposite); }, {"'cat'", "no direction"});
  const auto broken = [](std::span<const std::string> texts) {
    return std::vector<float>(texts.size(), std::numeric_limits<float>::quiet_NaN());
  };
  expect_error([&] { class_embeddings(names, one, 1, broken); }, {"'cat'", "diverged"});
  expect_error([&] { class_embeddings(names, one, 2, broken); }, {"2 values for 2 prompts in 2"});
  expect_error([&] { class_embeddings({}, one, 1, opposite); }, {"0 classes"});
  expect_error([&] { class_embeddings(names, {}, 1, opposite); }, {"0 templates"});
  const std::vector<float> three(3), two_values(2);
  expect_error([&] { class_scores(three, two_values, 2); }, {"3 image values"});
}

TEST(Templates, PutTheNameIntoItsPlace) {
  EXPECT_EQ(fill_template("a photo of a {}.", "red_fox"), "a photo of a red fox.");
  EXPECT_EQ(fill_template("{}", "{}"), "{}");
  for (const std::string& set : template_set_names())
    for (const std::string& text : template_set(set)) EXPECT_NO_THROW(check_template(text)) << text;
  EXPECT_EQ(template_set("photo"), (Texts{"a photo of a {}."}));
  expect_error([] { template_set("eighty"); }, {"'eighty'", "photo", "varied"});
}

TEST(Templates, AreReadFromAFileOneALine) {
  const auto file = fresh_folder() / "templates.txt";
  write_file(file, "a {}\r\n\n  the {} here \n");
  EXPECT_EQ(read_templates(file), (Texts{"a {}", "the {} here"}));
  const std::vector<std::pair<std::string, std::string>> bad{{"", "0 templates"},
                                                             {"a {}\nno place\n", "number 2"},
                                                             {"{} and {}\n", "exactly once"},
                                                             {"\xff {}\n", "UTF-8"}};
  for (const auto& [text, reason] : bad) {
    write_file(file, text);
    expect_error([&] { read_templates(file); }, {reason, file.string()});
  }
  std::string many;
  for (int i = 0; i < 10'001; ++i) many += "a {}\n";
  write_file(file, many);
  expect_error([&] { read_templates(file); }, {"10001"});
}

}  // namespace
}  // namespace t2ue

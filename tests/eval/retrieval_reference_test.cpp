// Retrieval against tests/reference/retrieval.py, which counts in fractions.
#include <t2ue/eval/retrieval.hpp>

#include "models/reference.hpp"

namespace t2ue {
namespace {

using testing_models::Formula;

/// As `rows` there: whole numbers about 0, every row standing `repeat` times.
std::vector<float> rows(const std::string& name, int64_t count, const nlohmann::json& test) {
  const Formula formula(name);
  const int64_t dim = test.at("dim"), repeat = test.at("repeat");
  const uint32_t below = test.at("below");
  std::vector<float> values;
  for (int64_t i = 0; i < count; ++i)
    for (int64_t d = 0; d < dim; ++d) {
      const uint32_t word = formula.word(static_cast<uint64_t>((i - i % repeat) * dim + d));
      values.push_back(static_cast<float>(word % below) - static_cast<float>(below / 2));
    }
  return values;
}

void expect_direction(const RetrievalDirection& got, const nlohmann::json& want, const std::string& name) {
  constexpr double rounding = 1e-9;
  const auto near = [&](const char* key, double value) {
    EXPECT_NEAR(value, want.at(key).get<double>(), rounding) << name << ", " << key;
  };
  const auto hits = [&](const std::array<double, 3>& values, const nlohmann::json& expected) {
    for (size_t k = 0; k < kHitAt.size(); ++k)
      EXPECT_NEAR(values[k], expected.at(k).get<double>(), rounding) << name << ", k = " << kHitAt[k];
  };
  hits(got.hit, want.at("hit"));
  hits(got.hit_optimistic, want.at("hit_optimistic"));
  hits(got.hit_pessimistic, want.at("hit_pessimistic"));
  near("mean_rank", got.mean_rank);
  near("mean_rank_optimistic", got.mean_rank_optimistic);
  near("mean_rank_pessimistic", got.mean_rank_pessimistic);
  near("median_rank", got.median_rank);
  near("median_rank_optimistic", got.median_rank_optimistic);
  near("median_rank_pessimistic", got.median_rank_pessimistic);
  near("tied", got.tied);
  const nlohmann::json& chance = want.at("chance");
  hits(got.chance.hit, chance.at("hit"));
  EXPECT_NEAR(got.chance.median_rank, chance.at("median_rank").get<double>(), rounding) << name;
  EXPECT_NEAR(got.chance.mean_rank, chance.at("mean_rank").get<double>(), rounding) << name;
  double digest = 0;
  for (size_t i = 0; i < got.standings.size(); ++i)
    digest += static_cast<double>(i + 1) * got.standings[i].rank();
  near("rank_digest", digest);
}

TEST(RetrievalReference, EveryFigureOfRandomAndDegenerateFeatures) {
  std::ifstream stream(testing_paths::reference_path("retrieval.json"));
  ASSERT_TRUE(stream);
  const nlohmann::json cases = nlohmann::json::parse(stream);
  EXPECT_EQ(cases.size(), 12U);
  for (const auto& [name, test] : cases.items()) {
    const auto owner = test.at("owner").get<std::vector<int64_t>>();
    const auto images = rows(name + " images", test.at("pictures"), test);
    const auto texts = rows(name + " texts", static_cast<int64_t>(owner.size()), test);
    const RetrievalResult result = retrieval(images, texts, test.at("dim"), owner);
    expect_direction(result.image_to_text, test.at("image_to_text"), name + ", image to text");
    expect_direction(result.text_to_image, test.at("text_to_image"), name + ", text to image");
  }
}

}  // namespace
}  // namespace t2ue

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <t2ue/models/weights/positions.hpp>

#include "errors.hpp"
#include "models/reference.hpp"

namespace t2ue {
namespace {

using testing_errors::expect_error;
using testing_models::uniform_values;

TEST(Positions, AreResizedAsOpenClipResizesThem) {
  std::ifstream stream(testing_paths::reference_path("positions.json"));
  ASSERT_TRUE(stream);
  const nlohmann::json reference = nlohmann::json::parse(stream);
  ASSERT_EQ(reference["resized"].size(), 5u);
  for (const auto& [sides, values] : reference["resized"].items()) {
    std::istringstream text(sides);
    int64_t from = 0, to = 0;
    text >> from >> to;
    const std::vector<double> want = values.get<std::vector<double>>();
    const std::vector<float> got =
        resize_positions(uniform_values("positions", (1 + from * from) * 3), from, to, 3);
    ASSERT_EQ(got.size(), want.size());
    const double tolerance = testing_tolerance::fp32(16, want);
    for (size_t i = 0; i < got.size(); ++i) ASSERT_NEAR(got[i], want[i], tolerance) << sides << ": " << i;
  }
}

TEST(Positions, TheSameGridStaysAsItIs) {
  const std::vector<float> positions = uniform_values("positions", (1 + 25) * 4);
  EXPECT_EQ(resize_positions(positions, 5, 5, 4), positions);
}

TEST(Positions, OfAnotherSizeAreRefused) {
  expect_error([] { resize_positions(std::vector<float>(12), 2, 4, 2); },
               {"12 numbers", "2x2", "2 channels"});
}

}  // namespace
}  // namespace t2ue

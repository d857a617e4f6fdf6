// Operations and tables of augmentation policies against the Python Imaging Library's and torchvision's
// (tests/reference/picture_ops.py).
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <paths.hpp>

#include <t2ue/data/image/auto_augment_table.hpp>
#include <t2ue/data/image/picture_policy.hpp>

namespace t2ue {
namespace {

const nlohmann::json& reference() {
  static const nlohmann::json json = [] {
    std::ifstream stream(testing_paths::reference_path("picture_ops.json"));
    return nlohmann::json::parse(stream);
  }();
  return json;
}
PictureOp op_named(const std::string& name) {
  using enum PictureOp;
  static const std::map<std::string, PictureOp> ops{{"shear_x", shear_x},
                                                    {"shear_y", shear_y},
                                                    {"translate_x", translate_x},
                                                    {"translate_y", translate_y},
                                                    {"rotate", rotate},
                                                    {"brightness", brightness},
                                                    {"color", color},
                                                    {"contrast", contrast},
                                                    {"sharpness", sharpness},
                                                    {"posterize", posterize},
                                                    {"solarize", solarize},
                                                    {"autocontrast", autocontrast},
                                                    {"equalize", equalize},
                                                    {"invert", invert}};
  return ops.at(name);
}
std::vector<uint8_t> bytes_of(const std::string& hex) {
  std::vector<uint8_t> bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2)
    bytes.push_back(static_cast<uint8_t>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  return bytes;
}

TEST(PictureReference, OperationsGiveTheSamePixels) {
  size_t compared = 0;
  for (const nlohmann::json& picture : reference()["pictures"]) {
    const int height = picture["height"], width = picture["width"];
    for (const nlohmann::json& result : picture["results"]) {
      const std::string op = result["op"];
      const auto magnitude = result["magnitude"].get<float>();
      std::vector<uint8_t> pixels = bytes_of(picture["pixels"]);
      apply_picture_op({pixels, height, width}, op_named(op), magnitude);
      const std::vector<uint8_t> expected = bytes_of(result["pixels"]);
      ASSERT_EQ(pixels.size(), expected.size());
      // Where the library's table of autocontrast is rounded down from a whole number, ours has that number.
      const int allowed = op == "autocontrast" ? 1 : 0;
      int most = 0;
      size_t different = 0;
      for (size_t i = 0; i < pixels.size(); ++i) {
        most = std::max(most, std::abs(pixels[i] - expected[i]));
        different += pixels[i] != expected[i];
      }
      EXPECT_LE(most, allowed) << op << " " << magnitude << " of " << height << " x " << width << ": "
                               << different << " of " << pixels.size() << " values differ";
      ++compared;
    }
  }
  EXPECT_EQ(compared, 88u);
}

TEST(PictureReference, MagnitudesAreTorchvisions) {
  for (const auto& [policy, ops] : reference()["magnitudes"].items())
    for (const auto& [op, values] : ops.items())
      for (size_t i = 0; i < values.size(); ++i) {
        const float ours = policy_magnitude(kind_named<AugmentationPolicy>(policy), op_named(op),
                                            static_cast<int>(i), false, 32);
        EXPECT_FLOAT_EQ(ours, values[i].get<float>()) << policy << " " << op << " " << i;
      }
}

TEST(PictureReference, AutoAugmentsPoliciesAreTorchvisions) {
  const nlohmann::json& expected = reference()["auto_augment"];
  const auto& policies = cifar10_policies();
  ASSERT_EQ(expected.size(), policies.size());
  for (size_t i = 0; i < policies.size(); ++i)
    for (size_t half = 0; half < 2; ++half) {
      const auto& [op, tenths, index] = policies[i][half];
      const nlohmann::json& step = expected[i][half];
      EXPECT_EQ(op, op_named(step[0])) << i;
      EXPECT_NEAR(tenths, 10 * step[1].get<double>(), 1e-9) << i;
      if (step[2].is_null()) continue;
      EXPECT_EQ(index, step[2].get<int>()) << i;
    }
}

}  // namespace
}  // namespace t2ue

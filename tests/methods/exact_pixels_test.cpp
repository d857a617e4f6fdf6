// Where pixels must be exact, a JPEG is decoded whole, however large it is beside the noise.
#include <gtest/gtest.h>

#include <t2ue/data/image/image_codec.hpp>
#include <t2ue/methods/random_sign.hpp>
#include <t2ue/noise/apply.hpp>
#include <t2ue/noise/audit.hpp>
#include <t2ue/noise/manifest.hpp>

#include "data/pictures.hpp"

namespace t2ue {
namespace {

TEST(ExactPixels, ApplyAndAuditDecodeALargeJpegWhole) {
  const auto root = testing_data::fresh_folder();
  const std::vector<uint8_t> jpeg = encode_jpeg(testing_data::random_image(240, 320, 3), 90);
  PairsFolderWriter pictures(root / "pictures");
  pictures.add({"a", "a.jpg", {"a caption"}, ""}, jpeg);
  pictures.commit();
  NoiseRecipe recipe;
  recipe.method = "random_sign";
  recipe.height = recipe.width = 8;
  recipe.resampler = Resampler::nearest;
  const std::vector<NoiseItem> items = {{"a", "", std::nullopt, nullptr}};
  const Noise made = RandomSign(8, 8, 8, 1).make(items).front();
  NoiseFolderWriter noise(root / "noise", recipe);
  noise.add("a", "", made);
  noise.commit();

  ASSERT_LT(decode_reduced(jpeg, 8, 8).image.width, 320) << "for models it would be reduced";
  apply_folder(root / "pictures", root / "noise", root / "out");
  EXPECT_EQ(load_image(root / "out/a.png").pixels,
            apply_noise(decode_image(jpeg), made, Resampler::nearest).pixels);
  const AuditSummary audit = audit_folder(root / "pictures", root / "out");
  EXPECT_TRUE(audit.passed());
  EXPECT_EQ(audit.total.max_difference, 8);
}

}  // namespace
}  // namespace t2ue

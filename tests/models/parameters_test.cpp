#include <gtest/gtest.h>

#include <t2ue/models/configs.hpp>

namespace t2ue {
namespace {

/// Sums shapes, so that models of hundreds of megabytes need not be allocated.
template <class Module>
int64_t trained_count(Module& module) {
  int64_t sum = 0;
  for_each_parameter(module, [&](const std::string&, const Parameter& parameter) {
    if (parameter.trained) sum += parameter.shape.elements();
  });
  return sum;
}
int64_t clip_count(const std::string& name) {
  Clip model(clip_config(name));
  return trained_count(model);
}

TEST(ParameterCount, GeneratorOfThePaperByParts) {
  SsaGenerator generator(generator_config("t2ue"));
  EXPECT_EQ(trained_count(generator), 31'329'281);
  EXPECT_EQ(trained_count(generator.fc), 827'392);
  EXPECT_EQ(trained_count(generator.mask_head), 461'201);
  const std::vector<int64_t> blocks{6'232'466, 6'232'466, 6'232'466, 6'232'466,
                                    3'052'178, 1'313'810, 742'977};
  ASSERT_EQ(generator.blocks.size(), blocks.size());
  for (size_t i = 0; i < blocks.size(); ++i)
    EXPECT_EQ(trained_count(generator.blocks[i]), blocks[i]) << "block " << i;
  EXPECT_EQ(trained_count(generator.rgb_norm) + trained_count(generator.rgb_conv), 1'859);
  EXPECT_EQ(generator.config.output_size(), 256);
}

TEST(ParameterCount, GeneratorForWiderText) {
  SsaGeneratorConfig config = generator_config("t2ue");
  config.condition = 1024, config.width = 128;
  SsaGenerator generator(config);
  EXPECT_EQ(trained_count(generator), 105'386'241);
}

TEST(ParameterCount, ClipIsOpenClips) {
  EXPECT_EQ(clip_count("ViT-B-32"), 151'277'313);
  EXPECT_EQ(clip_count("ViT-B-32-quickgelu"), 151'277'313);
  EXPECT_EQ(clip_count("ViT-B-16"), 149'620'737);
  EXPECT_EQ(clip_count("RN50"), 102'007'137);
}

TEST(ParameterCount, DemoModels) {
  // Text: 2048 words, positions, two blocks of 12 w^2 + 13 w, the last norm, the projection; w = 128.
  constexpr int64_t w = 128, block = 12 * w * w + 13 * w;
  constexpr int64_t text = 2048 * w + 2 * block + 2 * w + w * w, temperature = 1;
  // Image: 48 patch inputs, class token, 65 positions, norms before and after, the projection.
  constexpr int64_t vit = 48 * w + w + 65 * w + 2 * w + 4 * block + 2 * w + w * w;
  EXPECT_EQ(clip_count("emoji-vit"), text + 24 * w + vit + temperature);
  // A block: two 3x3 convolutions and two norms; the 1x1 shortcut with its norm where the width doubles.
  int64_t resnet = 27 * 24 + 2 * 24 + 2 * 9 * 24 * 24 + 4 * 24;
  for (const int64_t out : {48, 96, 192})
    resnet += 9 * (out / 2) * out + 9 * out * out + 4 * out + (out / 2) * out + 2 * out;
  resnet += 2 * 192 + 192 * 128 + 128;  // the norm of the features, the last layer
  EXPECT_EQ(clip_count("emoji-resnet"), text + 16 * w + resnet + temperature);
}

}  // namespace
}  // namespace t2ue

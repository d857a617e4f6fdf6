#include "models/reference.hpp"

#include <t2ue/models/clip/clip.hpp>
#include <t2ue/models/configs.hpp>
#include <t2ue/models/generators/ssa_generator.hpp>

namespace t2ue {
namespace {

using namespace testing_models;

Inputs pictures(int64_t count, int64_t size) {
  return {{"input.pixels", uniform_tensor("input.pixels", {count, size, size, 3})}};
}
Inputs tokens(int64_t count) {
  return {{"input.ids", integer_tensor("input.ids", {count, 7}, 19)},
          {"input.end", integer_tensor("input.end", {count}, 7)}};
}
const TextConfig text_config{7, 19, {16, 2, 4, Activation::gelu, true}, 8};

TEST(Reference, TextTower) {
  TextTower tower(text_config);
  check_module("text", tower, tokens(3), [&](const std::vector<Var>& in) { return tower(in[1], in[0]); });
}

TEST(Reference, TextTowerQuickGelu) {
  TextConfig config = text_config;
  config.transformer.activation = Activation::quick_gelu;
  TextTower tower(config);
  check_module("text_quick_gelu", tower, tokens(3),
               [&](const std::vector<Var>& in) { return tower(in[1], in[0]); });
}

TEST(Reference, VisionTransformer) {
  for (const auto& [name, activation] :
       {std::pair{"vit", Activation::quick_gelu}, std::pair{"vit_gelu", Activation::gelu}}) {
    VisionTransformer tower({12, 4, {16, 2, 2, activation, false}, 8});
    check_module(name, tower, pictures(2, 12), [&](const std::vector<Var>& in) { return tower(in[0]); });
  }
}

TEST(Reference, ModifiedResNet) {
  ModifiedResNet tower({64, 4, {2, 1, 1, 1}, 4, 8});
  check_module("modified_resnet", tower, pictures(4, 64),
               [&](const std::vector<Var>& in) { return tower(in[0]); });
}

// The towers of open_clip's ViT-B-32 and RN50 in their real shapes.
Inputs clip_tokens() {
  return {{"input.ids", integer_tensor("input.ids", {2, 77}, 49408)},
          {"input.end", integer_tensor("input.end", {2}, 77)}};
}

TEST(Reference, ClipViTB32Image) {
  VisionTransformer tower(*clip_config("ViT-B-32").vit);
  check_module("clip_vit_b_32_image", tower, pictures(2, 224),
               [&](const std::vector<Var>& in) { return tower(in[0]); });
}

TEST(Reference, ClipRN50Image) {
  ModifiedResNet tower(*clip_config("RN50").modified_resnet);
  check_module("clip_rn50_image", tower, pictures(2, 224),
               [&](const std::vector<Var>& in) { return tower(in[0]); });
}

TEST(Reference, ClipText) {
  for (const auto& [file, name] : {std::pair{"clip_vit_b_32_text", "ViT-B-32"},
                                   std::pair{"clip_rn50_quickgelu_text", "RN50-quickgelu"}}) {
    TextTower tower(clip_config(name).text);
    check_module(file, tower, clip_tokens(), [&](const std::vector<Var>& in) { return tower(in[1], in[0]); });
  }
}

TEST(Reference, ResNet) {
  ResNet tower({{16, 24}, {2, 1}}, 5);
  check_module("resnet", tower, pictures(3, 10), [&](const std::vector<Var>& in) { return tower(in[0]); });
}

TEST(Reference, ResNetWithFeatureNorm) {
  ResNet tower({{16, 24}, {1, 1}, 2, true}, 5);
  check_module("resnet_feature_norm", tower, pictures(4, 10),
               [&](const std::vector<Var>& in) { return tower(in[0]); });
}

TEST(Reference, ClipLoss) {
  ClipConfig config;
  config.text = text_config;
  config.resnet = ResNetConfig{{16, 24}, {1, 1}};
  Clip clip(config);
  Inputs inputs = pictures(4, 8);
  inputs.merge(tokens(4));
  check_module("clip", clip, inputs,
               [&](const std::vector<Var>& in) { return clip.loss(in[2], in[1], in[0]); });
}

SsaGeneratorConfig small_generator() {
  SsaGeneratorConfig c;
  c.latent = 7, c.condition = 12, c.width = 4, c.multipliers = {4, 4, 2}, c.hidden = 9, c.mask_hidden = 5;
  return c;
}
Inputs conditions() {
  return {{"input.caption", uniform_tensor("input.caption", {3, 12})},
          {"input.latent", uniform_tensor("input.latent", {3, 7})}};
}

TEST(Reference, Generator) {
  for (const bool standardise : {false, true}) {
    SsaGeneratorConfig config = small_generator();
    config.standardise = standardise;
    SsaGenerator generator(config);
    check_module(standardise ? "generator_standardised" : "generator", generator, conditions(),
                 [&](const std::vector<Var>& in) { return generator(in[0], in[1]); });
  }
}

TEST(Reference, Noise) {
  for (const Limiter limiter : {Limiter::tanh_scale, Limiter::clamp}) {
    Generator generator(GeneratorConfig(small_generator(), {.limiter = limiter}));
    check_module(concat("noise_", name_of(limiter)), generator, conditions(),
                 [&](const std::vector<Var>& in) { return generator.noise(in[0], in[1]); });
  }
}

}  // namespace
}  // namespace t2ue

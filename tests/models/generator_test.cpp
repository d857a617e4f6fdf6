#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <t2ue/core/plan.hpp>
#include <t2ue/models/configs.hpp>
#include <t2ue/models/generators/ssa_generator.hpp>

namespace t2ue {
namespace {

SsaGeneratorConfig tiny() {
  SsaGeneratorConfig c;
  c.latent = 4, c.condition = 6, c.width = 4, c.multipliers = {2, 2}, c.hidden = 8, c.mask_hidden = 4;
  return c;
}

std::vector<float> drawn(int64_t rows, int64_t width, uint64_t item) {
  std::vector<float> values;
  Random random(2, Purpose::test, item);
  for (int64_t i = 0; i < rows * width; ++i) values.push_back(random.normal());
  return values;
}

/// Evaluation-mode noise of captions [N,6] and latents [N,4].
std::vector<float> noise(const GeneratorConfig& config, const std::vector<float>& captions,
                         const std::vector<float>& latents) {
  Generator generator(config);
  const ParameterSet parameters(generator, 1);
  const int64_t rows = static_cast<int64_t>(captions.size()) / config.condition();
  const Tensor caption = Tensor::of(captions, {rows, config.condition()});
  const Tensor latent = Tensor::of(latents, {rows, config.latents()});
  Tensor output;
  Step step([&](Graph& g) {
    const EvalMode eval_mode(g);
    output = g.output(generator.noise(g.input(caption), g.input(latent)));
  });
  step.run();
  return output.to_vector<float>();
}

TEST(Generator, StartsWithoutTheCaption) {
  const auto z = drawn(2, 4, 0), a = drawn(2, 6, 1), b = drawn(2, 6, 2);
  EXPECT_EQ(noise(tiny(), a, z), noise(tiny(), b, z));
  SsaGeneratorConfig started = tiny();
  started.gain_start = 1, started.modulation_start = 1;
  EXPECT_NE(noise(started, a, z), noise(started, b, z));
}

TEST(Generator, BothLimitersBound) {
  for (const Limiter limiter : {Limiter::tanh_scale, Limiter::clamp}) {
    SsaGeneratorConfig architecture = tiny();
    architecture.output_start = 50;
    const GeneratorConfig config(architecture, {.limiter = limiter});
    float largest = 0;
    for (const float x : noise(config, drawn(3, 6, 1), drawn(3, 4, 2)))
      largest = std::max(largest, std::abs(x));
    EXPECT_LE(largest, config.bound.eps);
    EXPECT_GT(largest, 0.9f * config.bound.eps);
  }
}

TEST(Generator, BatchMatesDoNotMatter) {
  SsaGeneratorConfig config = tiny();
  config.gain_start = 1, config.modulation_start = 1;
  auto captions = drawn(3, 6, 1), latents = drawn(3, 4, 2);
  const auto before = noise(config, captions, latents);
  for (size_t i = 6; i < captions.size(); ++i) captions[i] = -captions[i];
  for (size_t i = 4; i < latents.size(); ++i) latents[i] = 3 * latents[i];
  const auto after = noise(config, captions, latents);
  const size_t item = before.size() / 3;
  EXPECT_TRUE(std::equal(before.begin(), before.begin() + static_cast<int64_t>(item), after.begin()));
  EXPECT_FALSE(std::equal(before.begin() + static_cast<int64_t>(item), before.end(),
                          after.begin() + static_cast<int64_t>(item)));
}

TEST(Configs, RoundTrip) {
  for (const std::string& name : clip_config_names()) {
    const nlohmann::json json = to_json(clip_config(name));
    EXPECT_EQ(to_json(clip_config_from_json(json, name)), json) << name;
  }
  for (const std::string& name : generator_config_names()) {
    const nlohmann::json json = to_json(generator_config(name));
    EXPECT_EQ(to_json(generator_config_from_json(json, name)), json) << name;
  }
}

TEST(Configs, RefuseWhatTheyDoNotKnow) {
  EXPECT_THROW(clip_config("ViT-B-33"), Error);
  EXPECT_THROW(generator_config("t3ue"), Error);
  nlohmann::json json = to_json(generator_config("t2ue"));
  for (const auto& [key, value] :
       std::map<std::string, nlohmann::json>{{"widht", 3},
                                             {"width", 0},
                                             {"latent", "many"},
                                             {"multipliers", nlohmann::json::array()},
                                             {"limiter", "none such"},
                                             {"resampler", "bicubic"},
                                             {"eps_steps", 200}}) {
    nlohmann::json bad = json;
    bad[key] = value;
    EXPECT_THROW(generator_config_from_json(bad, "bad"), Error) << key;
  }
  json = to_json(clip_config("emoji-vit"));
  json["text_cfg"]["heads"] = 3;
  EXPECT_THROW(clip_config_from_json(json, "bad"), Error) << "128 is not divisible by 3";
  json = to_json(clip_config("emoji-vit"));
  json["vision_cfg"]["patchsize"] = 4;
  EXPECT_THROW(clip_config_from_json(json, "bad"), Error);
}

}  // namespace
}  // namespace t2ue

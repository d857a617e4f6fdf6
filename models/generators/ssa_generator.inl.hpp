#pragma once

#include <t2ue/models/generators/ssa_generator.hpp>

namespace t2ue {

T2UE_INLINE void SsaGeneratorConfig::fields(FieldList& f) {
  f("latent", latent, in_range(1, 65536), "Width of the latent vector");
  f("condition", condition, in_range(1, 65536), "Width of a caption's text features");
  f("width", width, in_range(1, 4096), "Channels that multipliers count");
  f("multipliers", multipliers, in_range(1, 64), "Output channels of each block, in units of width");
  f("hidden", hidden, in_range(1, 65536), "Width of the networks that make gamma and beta");
  f("mask_hidden", mask_hidden, in_range(1, 65536), "Width of the networks that make masks");
  f("gain_start", gain_start, in_range(0, 100), "Of each block's residual");
  f("modulation_start", modulation_start, in_range(0, 100),
    "Standard deviation of the last layers that make gamma and beta");
  f("output_start", output_start, in_range(0, 1000), "The last convolution starts this much larger");
  f("standardise", standardise, "Text features are centred and scaled by those of training");
}

T2UE_INLINE void SsaGeneratorConfig::validate() const {
  check(!multipliers.empty() && multipliers.size() <= 9, "generator", "needs 1..9 blocks, got ",
        multipliers.size());
}

T2UE_INLINE Sscbn::Modulation::Modulation(const SsaGeneratorConfig& c, int64_t channels)
    : first(c.condition, c.hidden), second(c.hidden, channels, Init::normal(c.modulation_start)) {}

T2UE_INLINE Sscbn::Sscbn(const SsaGeneratorConfig& c, int64_t channels)
    : gamma(c, channels),
      beta(c, channels),
      running_mean(Parameter::buffer({channels}, Init::zeros())),
      running_var(Parameter::buffer({channels}, Init::ones())) {}

T2UE_INLINE Var Sscbn::operator()(const Var& x, const Var& text_features, const Var& mask, int up) {
  Graph& g = x.graph();
  return upsample_sscbn_relu(x, gamma(text_features), beta(text_features), mask, g.parameter(running_mean),
                             g.parameter(running_var), up);
}

T2UE_INLINE MaskHead::MaskHead(int64_t channels, int64_t hidden)
    : conv1(channels, hidden, 3, 1, 1, true), conv2(hidden, 1, 1, 1, 0, true), bn(hidden) {
  // Tensor cores take channels by eights. The added ones have no weights, so they are zero behind conv1 and
  // behind bn, conv2 does not read them, and no gradient reaches them.
  const int64_t wide = (hidden + 7) / 8 * 8;
  if (wide == hidden) return;
  conv1.weight.padded_shape = {wide, 3, 3, channels};
  conv2.weight.padded_shape = {1, 1, 1, wide};
  for (Parameter* vector : {&conv1.bias, &bn.weight, &bn.bias, &bn.running_mean, &bn.running_var})
    vector->padded_shape = {wide};
}

T2UE_INLINE SsaBlock::SsaBlock(const SsaGeneratorConfig& c, int64_t in, int64_t out, bool predicts_mask)
    : norm1(c, in),
      conv1(in, out, 3, 1, 1, true),
      norm2(c, out),
      conv2(out, out, 3, 1, 1, true),
      gain({1}, Init::constant(c.gain_start)) {
  if (in != out) shortcut.emplace(in, out, 1, 1, 0, true);
  if (predicts_mask) mask_head.emplace(out, c.mask_hidden);
}

T2UE_INLINE Var SsaBlock::operator()(const Var& x, const Var& text_features, const Var& mask, int up) {
  const Var inner = norm2(conv1.normalised_next(norm1(x, text_features, mask, up)), text_features, mask, 1);
  return residual_scale(shortcut ? (*shortcut)(x) : x, conv2(inner), x.graph().parameter(gain), up);
}

T2UE_INLINE SsaGenerator::SsaGenerator(const SsaGeneratorConfig& c)
    : config(c),
      condition_mean(Parameter::buffer({c.condition}, Init::zeros())),
      condition_var(Parameter::buffer({c.condition}, Init::ones())),
      fc(c.latent, c.multipliers.at(0) * c.width * 16),
      mask_head(c.multipliers[0] * c.width, c.mask_hidden),
      rgb_norm(c.multipliers.back() * c.width),
      rgb_conv(c.multipliers.back() * c.width, 3, 3, 1, 1, true) {
  rgb_conv.weight.init.scale *= c.output_start;
  int64_t in = c.multipliers[0] * c.width;
  for (size_t i = 0; i < c.multipliers.size(); ++i) {
    blocks.emplace_back(c, in, c.multipliers[i] * c.width, i + 1 < c.multipliers.size());
    in = c.multipliers[i] * c.width;
  }
}

T2UE_INLINE Var SsaGenerator::operator()(const Var& text_features, const Var& latent) {
  const int64_t batch = text_features.shape()[0];
  const DType type = text_features.graph().activation_type();
  const Var text = standardised(cast(text_features, type));
  Var x = fc(cast(latent, type)).reshape({batch, 4, 4, config.multipliers[0] * config.width});
  Var logits = mask_head(x);
  for (size_t i = 0; i < blocks.size(); ++i) {
    const int up = i == 0 ? 1 : 2;
    const Var mask = mask_sigmoid(logits, x.shape()[1] * up, x.shape()[2] * up);
    x = blocks[i](x, text, mask, up);
    if (blocks[i].mask_head) logits = (*blocks[i].mask_head)(x);
  }
  return rgb_conv(rgb_norm(x, Activation::leaky_relu));
}

T2UE_INLINE void SsaGenerator::standardise(std::span<const float> mean, std::span<const float> variance) {
  if (!config.standardise) return;
  condition_mean.value.assign(mean);
  condition_var.value.assign(variance);
}

T2UE_INLINE Var SsaGenerator::standardised(const Var& text_features) {
  if (!config.standardise) return text_features;
  Graph& g = text_features.graph();
  const EvalMode fixed(g);
  return batch_norm(text_features, {}, {}, g.parameter(condition_mean), g.parameter(condition_var));
}

}  // namespace t2ue

// The text-to-noise generator of T2UE: SSA-GAN's generator without its discriminator.
#pragma once

#include <span>
#include <vector>

#include <t2ue/core/fields.hpp>
#include <t2ue/models/layers.hpp>

namespace t2ue {

struct SsaGenerator;

struct SsaGeneratorConfig {
  using Network = SsaGenerator;
  static constexpr std::string_view architecture = "ssa";

  int64_t latent = 100;     ///< width of z
  int64_t condition = 512;  ///< width of the caption's text features
  int64_t width = 64;       ///< ngf
  std::vector<int64_t> multipliers{8, 8, 8, 8,
                                   4, 2, 1};  ///< output channels of each block, in units of width
  int64_t hidden = 256;                       ///< of the networks that make gamma and beta
  int64_t mask_hidden = 100;
  /// Where text starts to matter. The paper's generator starts at 0 for both: nothing depends on the caption
  /// until the gains have grown. Above 0 every caption starts with a pattern of its own.
  float gain_start = 0.0f;        ///< of each block's residual
  float modulation_start = 0.0f;  ///< standard deviation of the last layers that make gamma and beta
  float output_start =
      1.0f;  ///< the last convolution starts this much larger: above 1 noise starts nearer to +-eps
  bool standardise = false;  ///< text features are centred and scaled by the training captions' statistics

  Shape latent_shape() const { return {latent}; }
  /// Side of the square output: 4 pixels, doubled between blocks.
  int64_t output_size() const { return int64_t{4} << (multipliers.size() - 1); }
  void fields(FieldList& f) {
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
  /// Error for none or too many blocks.
  void validate() const {
    check(!multipliers.empty() && multipliers.size() <= 9, "generator", "needs 1..9 blocks, got ",
          multipliers.size());
  }
};

/// Semantic-spatial conditional batch norm with the ReLU behind it and the upsampling before it.
/// gamma and beta are two-layer networks of the text features whose last layers start at zero.
struct Sscbn {
  struct Modulation {
    Linear first, second;
    Modulation(const SsaGeneratorConfig& c, int64_t channels)
        : first(c.condition, c.hidden), second(c.hidden, channels, Init::normal(c.modulation_start)) {}
    Var operator()(const Var& text_features) { return second(first(text_features, Activation::relu)); }
    void visit(auto&& f) { f("0", first), f("2", second); }
  };
  Modulation gamma, beta;
  Parameter running_mean, running_var;

  Sscbn(const SsaGeneratorConfig& c, int64_t channels)
      : gamma(c, channels),
        beta(c, channels),
        running_mean(Parameter::buffer({channels}, Init::zeros())),
        running_var(Parameter::buffer({channels}, Init::ones())) {}

  Var operator()(const Var& x, const Var& text_features, const Var& mask, int up) {
    Graph& g = x.graph();
    return upsample_sscbn_relu(x, gamma(text_features), beta(text_features), mask, g.parameter(running_mean),
                               g.parameter(running_var), up);
  }
  void visit(auto&& f) {
    f("gamma", gamma), f("beta", beta), f("running_mean", running_mean), f("running_var", running_var);
  }
};

/// Predicts the logits of the next block's mask.
struct MaskHead {
  Conv2d conv1, conv2;
  BatchNorm bn;

  MaskHead(int64_t channels, int64_t hidden)
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
  Var operator()(const Var& x) { return conv2(bn(conv1.normalised_next(x), Activation::relu)); }
  void visit(auto&& f) { f("conv1", conv1), f("bn", bn), f("conv2", conv2); }
};

/// out = shortcut(up(x)) + gain * residual(up(x)). The 1x1 shortcut commutes with nearest upsampling and runs
/// before it.
struct SsaBlock {
  Sscbn norm1;
  Conv2d conv1;
  Sscbn norm2;
  Conv2d conv2;
  Parameter gain;
  std::optional<Conv2d> shortcut;
  std::optional<MaskHead> mask_head;

  SsaBlock(const SsaGeneratorConfig& c, int64_t in, int64_t out, bool predicts_mask)
      : norm1(c, in),
        conv1(in, out, 3, 1, 1, true),
        norm2(c, out),
        conv2(out, out, 3, 1, 1, true),
        gain({1}, Init::constant(c.gain_start)) {
    if (in != out) shortcut.emplace(in, out, 1, 1, 0, true);
    if (predicts_mask) mask_head.emplace(out, c.mask_hidden);
  }

  Var operator()(const Var& x, const Var& text_features, const Var& mask, int up) {
    const Var inner = norm2(conv1.normalised_next(norm1(x, text_features, mask, up)), text_features, mask, 1);
    return residual_scale(shortcut ? (*shortcut)(x) : x, conv2(inner), x.graph().parameter(gain), up);
  }
  void visit(auto&& f) {
    f("norm1", norm1), f("conv1", conv1), f("norm2", norm2), f("conv2", conv2), f("gain", gain);
    f("shortcut", shortcut), f("mask_head", mask_head);
  }
};

struct SsaGenerator {
  SsaGeneratorConfig config;
  Parameter condition_mean,
      condition_var;  ///< buffers, set from the training captions where config.standardise
  Linear fc;
  MaskHead mask_head;
  std::vector<SsaBlock> blocks;
  BatchNorm rgb_norm;
  Conv2d rgb_conv;

  explicit SsaGenerator(const SsaGeneratorConfig& c)
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

  /// What the network gives before its tanh, [B,S,S,3].
  /// text_features [B,condition] (a caption's, not normalised), latent [B,latent] ~ N(0,1).
  Var operator()(const Var& text_features, const Var& latent) {
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

  /// The training captions' statistics, used where config.standardise.
  void standardise(std::span<const float> mean, std::span<const float> variance) {
    if (!config.standardise) return;
    condition_mean.value.assign(mean);
    condition_var.value.assign(variance);
  }
  std::vector<Parameter*> output_parameters() { return {&rgb_conv.weight, &rgb_conv.bias}; }
  void visit(auto&& f) {
    f("condition_mean", condition_mean), f("condition_var", condition_var);
    f("fc", fc), f("mask_head", mask_head), f("blocks", blocks), f("rgb_norm", rgb_norm),
        f("rgb_conv", rgb_conv);
  }

 private:
  Var standardised(const Var& text_features) {
    if (!config.standardise) return text_features;
    Graph& g = text_features.graph();
    const EvalMode fixed(g);
    return batch_norm(text_features, {}, {}, g.parameter(condition_mean), g.parameter(condition_var));
  }
};

}  // namespace t2ue

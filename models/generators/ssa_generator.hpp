// The text-to-noise generator of T2UE: SSA-GAN's generator without its discriminator.
#pragma once

#include <span>
#include <vector>

#include <t2ue/core/config.hpp>
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
  void fields(FieldList& f);
  /// Error for none or too many blocks.
  void validate() const;
};

/// Semantic-spatial conditional batch norm with the ReLU behind it and the upsampling before it.
/// gamma and beta are two-layer networks of the text features whose last layers start at zero.
struct Sscbn {
  struct Modulation {
    Linear first, second;
    Modulation(const SsaGeneratorConfig& c, int64_t channels);
    Var operator()(const Var& text_features) { return second(first(text_features, Activation::relu)); }
    void visit(auto&& f) { f("0", first), f("2", second); }
  };
  Modulation gamma, beta;
  Parameter running_mean, running_var;

  Sscbn(const SsaGeneratorConfig& c, int64_t channels);

  Var operator()(const Var& x, const Var& text_features, const Var& mask, int up);
  void visit(auto&& f) {
    f("gamma", gamma), f("beta", beta), f("running_mean", running_mean), f("running_var", running_var);
  }
};

/// Predicts the logits of the next block's mask.
struct MaskHead {
  Conv2d conv1, conv2;
  BatchNorm bn;

  MaskHead(int64_t channels, int64_t hidden);
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

  SsaBlock(const SsaGeneratorConfig& c, int64_t in, int64_t out, bool predicts_mask);

  Var operator()(const Var& x, const Var& text_features, const Var& mask, int up);
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

  explicit SsaGenerator(const SsaGeneratorConfig& c);

  /// What the network gives before its tanh, [B,S,S,3].
  /// text_features [B,condition] (a caption's, not normalised), latent [B,latent] ~ N(0,1).
  Var operator()(const Var& text_features, const Var& latent);

  /// The training captions' statistics, used where config.standardise.
  void standardise(std::span<const float> mean, std::span<const float> variance);
  std::vector<Parameter*> output_parameters() { return {&rgb_conv.weight, &rgb_conv.bias}; }
  void visit(auto&& f) {
    f("condition_mean", condition_mean), f("condition_var", condition_var);
    f("fc", fc), f("mask_head", mask_head), f("blocks", blocks), f("rgb_norm", rgb_norm),
        f("rgb_conv", rgb_conv);
  }

 private:
  Var standardised(const Var& text_features);
};

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/models/generators/ssa_generator.inl.hpp>
#endif

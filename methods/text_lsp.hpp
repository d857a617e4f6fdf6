// Linearly separable perturbations without labels: a caption's features, projected onto coarse blocks of
// colour.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <t2ue/core/config.hpp>
#include <t2ue/methods/caption_cluster.hpp>

namespace t2ue {

/// The cells of item i are P (f_i - m): f_i its caption's features of length 1, m the mean of those of the
/// data set's captions, so that what all captions share does not make all noises alike, and P a matrix of
/// standard normals from Random(seed, Purpose::projection, row). With an l2 budget the noise is proportional
/// to the cells, so it is a linear function of the features; with linf it is +-eps by their signs, which is
/// random-hyperplane hashing (Charikar, 2002): the share of differing blocks of two captions is the angle
/// between their centred features over pi.
class TextLsp final : public NoiseSource {
 public:
  struct Options {
    int grid = 4;
    Budget budget{Norm::linf, 8.0f / 255.0f};
    uint64_t seed = 0;
  };

  static MethodCard describe(Budget budget, const std::string& features);

  /// Noises of height x width. Throws Error for a number out of range, a grid that does not fit, or no
  /// captions.
  TextLsp(int height, int width, CaptionFeatures features, std::span<const std::string> captions,
          const Options& options);

  const MethodCard& card() const override { return card_; }
  std::vector<Noise> make(std::span<const NoiseItem> items) override;

 private:
  MethodCard card_;
  int height_, width_;
  Options options_;
  CaptionFeatures features_;
  std::vector<double> mean_;        // [features]
  std::vector<double> projection_;  // [cells, features]
};

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/methods/text_lsp.inl.hpp>
#endif

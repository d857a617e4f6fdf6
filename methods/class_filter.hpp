// CUDA, convolution-based unlearnable datasets (Sadasivan et al., CVPR 2023, arXiv 2303.04278): every class
// is blurred by a filter of its own. Written from the paper's formula.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>

#include <t2ue/core/rng.hpp>
#include <t2ue/noise/picture_transform.hpp>

namespace t2ue {

/// x' = (k * x) / max(k * x), the largest value of the picture becoming 255; k is 3x3 with a 1 in the
/// middle and the other entries uniform in [0, blur), from Random(seed, Purpose::filter, label), the same for
/// all channels. Nothing bounds the change.
class ClassFilter final : public PictureTransform {
 public:
  static MethodCard describe() {
    MethodCard card;
    card.name = "class_filter";
    card.summary = "CUDA: one random 3x3 blur a class (Sadasivan et al., 2023)";
    card.needs_label = true;
    card.needs_image = true;
    card.norm = Norm::none;
    card.additive = false;
    card.independence = Independence::transform;
    return card;
  }

  /// `blur` is the paper's p_b: 0.3 for CIFAR-10. Throws Error for a blur outside 0..1.
  ClassFilter(double blur, uint64_t seed) : card_(describe()), blur_(blur), seed_(seed) {
    check(blur > 0 && blur <= 1, card_.name, "a blur of ", blur, " is outside 0..1");
  }

  const MethodCard& card() const override { return card_; }

  /// The class's filter by rows. Throws Error for a negative label.
  std::array<double, 9> filter_of(int label) const {
    check(label >= 0, card_.name, "there is no class ", label);
    Random random(seed_, Purpose::filter, static_cast<uint64_t>(label));
    std::array<double, 9> filter{};
    for (size_t k = 0; k < 9; ++k) filter[k] = k == 4 ? 1.0 : blur_ * double{random.uniform()};
    return filter;
  }

  /// Values past the edge count as 0; the result is rounded half to even.
  Image apply(const NoiseItem& item, const Image& picture) const override {
    check_upright(item, picture);
    const std::array<double, 9> filter = filter_of(class_of(item, card_.name));
    const auto h = static_cast<size_t>(picture.height), w = static_cast<size_t>(picture.width),
               channels = static_cast<size_t>(picture.channels);
    std::vector<double> filtered(h * w * 3);
    double largest = 0;
    for (size_t y = 0; y < h; ++y)
      for (size_t x = 0; x < w; ++x)
        for (size_t c = 0; c < 3; ++c) {
          double sum = 0;
          for (size_t k = 0; k < 9; ++k) {
            // Convolution: the filter is turned by 180 degrees. Past the upper or left edge the number wraps
            // around to a huge one.
            const size_t v = y + 1 - k / 3, u = x + 1 - k % 3;
            if (v < h && u < w) sum += filter[k] * picture.pixels[(v * w + u) * channels + c];
          }
          filtered[(y * w + x) * 3 + c] = sum;
          largest = std::max(largest, sum);
        }
    Image result = picture;
    const double scale = largest > 0 ? 255.0 / largest : 0.0;
    for (size_t i = 0; i < h * w; ++i)
      for (size_t c = 0; c < 3; ++c)
        result.pixels[i * channels + c] = static_cast<uint8_t>(std::nearbyint(filtered[3 * i + c] * scale));
    return result;
  }

 private:
  MethodCard card_;
  double blur_;
  uint64_t seed_;
};

}  // namespace t2ue

#pragma once

#include <t2ue/models/classifiers/vgg.hpp>

namespace t2ue {

T2UE_INLINE void VggConfig::fields(FieldList& f) {
  f("widths", widths, in_range(1, 65536), "Channels of each stage");
  f("convolutions", convolutions, in_range(1, 1000), "Of each stage");
  f("batch_norm", batch_norm, "Behind every convolution");
  f("hidden", hidden, in_range(0, 65536), "Width of the two layers before the last; 0: there are none");
}

T2UE_INLINE Vgg::Vgg(const VggConfig& c, int64_t image_size, int64_t outputs) {
  check(!c.widths.empty() && c.widths.size() == c.convolutions.size(), "vgg",
        "needs as many widths as numbers of convolutions, got ", c.widths.size(), " and ",
        c.convolutions.size());
  check(image_size >> c.widths.size() >= 1, "vgg", c.widths.size(), " poolings leave nothing of pictures of ",
        image_size, " pixels");
  int64_t in = 3, place = 0;  // torchvision counts ReLUs and poolings too
  for (size_t stage = 0; stage < c.widths.size(); ++stage, ++place)
    for (int i = 0; i < c.convolutions[stage]; ++i) {
      const int64_t out = c.widths[stage];
      Convolution& next = convolutions.emplace_back();
      next.name = concat("features.", place);
      next.norm_name = concat("features.", place + 1);
      next.conv = Conv2d(in, out, 3, 1, 1, true);
      // Without norms PyTorch's usual start loses the signal on its way: He's, as in torchvision.
      next.conv.weight.init = Init::normal(std::sqrt(2.0f / static_cast<float>(9 * out)));
      next.conv.bias.init = Init::zeros();
      if (c.batch_norm) next.norm.emplace(out);
      next.last_of_stage = i + 1 == c.convolutions[stage];
      in = out;
      place += c.batch_norm ? 3 : 2;
    }
  if (c.hidden > 0) {
    const int64_t side = image_size >> c.widths.size();
    const Init start = Init::normal(0.01f);  // torchvision's
    hidden1.emplace(in * side * side, c.hidden, start);
    hidden2.emplace(c.hidden, c.hidden, start);
    classifier = Linear(c.hidden, outputs, start);
  } else {
    classifier = Linear(in, outputs);
  }
}

T2UE_INLINE Var Vgg::features(const Var& x) {
  Var y = x;
  for (Convolution& step : convolutions) {
    y = step.conv(y);
    y = step.norm ? (*step.norm)(y, Activation::relu) : activate(y, Activation::relu);
    if (step.last_of_stage) y = pool2d(y, Pooling::max, 2, 2);
  }
  if (!hidden1) return mean_pool(y);
  const Shape& map = y.shape();
  y = y.reshape({map[0], map[1] * map[2] * map[3]});
  return (*hidden2)((*hidden1)(y, Activation::relu), Activation::relu);
}

}  // namespace t2ue

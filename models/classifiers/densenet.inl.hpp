#pragma once

#include <t2ue/models/classifiers/densenet.hpp>

namespace t2ue {

T2UE_INLINE void DenseNetConfig::fields(FieldList& f) {
  f("growth", growth, in_range(1, 4096), "Channels that each layer adds");
  f("blocks", blocks, in_range(1, 1000), "Layers of each block");
  f("stem_width", stem_width, in_range(2, 65536), "Channels of the first convolution");
  f("imagenet_stem", imagenet_stem, "ImageNet's first convolution and pooling");
}

T2UE_INLINE DenseLayer::DenseLayer(int64_t in, int64_t growth)
    : norm1(in),
      norm2(4 * growth),
      conv1(in, 4 * growth, 1, 1, 0, false),
      conv2(4 * growth, growth, 3, 1, 1, false) {}

T2UE_INLINE Var DenseLayer::operator()(const Var& x) {
  const Var narrow = conv1(norm1(x, Activation::relu));
  return concat_channels({x, conv2(norm2(narrow, Activation::relu))});
}

T2UE_INLINE DenseNet::DenseNet(const DenseNetConfig& c, int64_t outputs)
    : conv0(3, c.stem_width, c.imagenet_stem ? 7 : 3, c.imagenet_stem ? 2 : 1, c.imagenet_stem ? 3 : 1,
            false),
      norm0(c.stem_width),
      stem_pool(c.imagenet_stem) {
  check(!c.blocks.empty(), "densenet", "needs at least one block");
  int64_t in = c.stem_width;
  for (size_t i = 0; i < c.blocks.size(); ++i) {
    if (i > 0) {
      transitions.emplace_back(in);
      in /= 2;
    }
    auto& block = blocks.emplace_back();
    for (int layer = 0; layer < c.blocks[i]; ++layer, in += c.growth) block.emplace_back(in, c.growth);
  }
  norm5 = BatchNorm(in);
  classifier = Linear(in, outputs);
}

T2UE_INLINE Var DenseNet::features(const Var& x) {
  Var y = norm0(conv0(x), Activation::relu);
  if (stem_pool) y = pool2d(y, Pooling::max, 3, 2, 1);
  for (size_t i = 0; i < blocks.size(); ++i) {
    if (i > 0) y = transitions[i - 1](y);
    for (DenseLayer& layer : blocks[i]) y = layer(y);
  }
  return mean_pool(norm5(y, Activation::relu));
}

}  // namespace t2ue

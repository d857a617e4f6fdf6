// Residual networks (He et al., 2016): a stem, stages of blocks, global average, one linear layer.
// A classifier when the output is classes, an image tower when it is a feature.
#pragma once

#include <t2ue/core/config.hpp>
#include <t2ue/core/fields.hpp>
#include <t2ue/models/layers.hpp>

namespace t2ue {

struct ResNetConfig {
  /// Channels of each stage, before a bottleneck widens them fourfold; stages after the first halve the map.
  std::vector<int64_t> widths{64, 128, 256, 512};
  std::vector<int> blocks{2, 2, 2, 2};
  int stem_stride = 1;  ///< of the first convolution
  /// Batch norm between the average and the last layer. What pictures have in common is most of an average of
  /// ReLUs; a tower whose features start nearly alike learns nothing from contrasts for hundreds of steps.
  bool feature_norm = false;
  bool bottleneck = false;  ///< blocks of 1x1, 3x3 and 1x1 convolutions instead of two 3x3
  int stem_size = 3;        ///< of the first convolution's window: 3 for small pictures, 7 for ImageNet's
  bool stem_pool = false;   ///< 3x3 max pooling of stride 2 behind the stem, as for ImageNet

  /// What came later is left out where it is off: hashes of results that do not use it stay as they were.
  void fields(FieldList& f);
};

/// The shortcut's convolution where a block changes the map's size or channels.
struct ResNetDownsample {
  Conv2d conv;
  BatchNorm bn;

  ResNetDownsample(int64_t in, int64_t out, int stride) : conv(in, out, 1, stride, 0, false), bn(out) {}
  Var operator()(const Var& x) { return bn(conv(x)); }
  void visit(auto&& f) { f("0", conv), f("1", bn); }
};

/// Two 3x3 convolutions, or 1x1, 3x3 and 1x1 with a fourfold wider output, with the shortcut added before the
/// last ReLU. A stride is the 3x3 convolution's, as in torchvision.
struct ResNetBlock {
  Conv2d conv1, conv2;
  BatchNorm bn1, bn2;
  std::optional<Conv2d> conv3;
  std::optional<BatchNorm> bn3;
  std::optional<ResNetDownsample> downsample;

  /// How many times wider a block's output is than its `width`.
  static int64_t expansion(bool bottleneck) { return bottleneck ? 4 : 1; }

  ResNetBlock(int64_t in, int64_t width, int stride, bool bottleneck);

  Var operator()(const Var& x);
  void visit(auto&& f) {
    f("conv1", conv1), f("bn1", bn1), f("conv2", conv2), f("bn2", bn2), f("conv3", conv3), f("bn3", bn3);
    f("downsample", downsample);
  }
};

/// Parameter names as in torchvision.
struct ResNet {
  Conv2d conv1;
  BatchNorm bn1;
  bool stem_pool;
  std::vector<std::vector<ResNetBlock>> stages;
  std::optional<BatchNorm> feature_norm;
  Linear fc;

  ResNet(const ResNetConfig& c, int64_t outputs);

  /// x [B,H,W,3] -> what the last layer reads, [B,C].
  Var features(const Var& x);
  Linear& head() { return fc; }
  /// x [B,H,W,3] -> [B,outputs].
  Var operator()(const Var& x) { return fc(features(x)); }
  void visit(auto&& f) {
    f("conv1", conv1), f("bn1", bn1);
    for (size_t i = 0; i < stages.size(); ++i) f("layer" + std::to_string(i + 1), stages[i]);
    f("feature_norm", feature_norm), f("fc", fc);
  }
};

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/models/classifiers/resnet.inl.hpp>
#endif

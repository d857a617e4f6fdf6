// Residual networks for small pictures: a 3x3 stem, stages of basic blocks, global average, one linear layer.
// A classifier when the output is classes, an image tower when it is a feature.
#pragma once

#include <t2ue/models/layers.hpp>

namespace t2ue {

struct ResNetConfig {
  std::vector<int64_t> widths{64, 128, 256,
                              512};  ///< channels of each stage; stages after the first halve the map
  std::vector<int> blocks{2, 2, 2, 2};
  int64_t outputs = 10;
  int stem_stride = 1;  ///< of the first convolution
  /// Batch norm between the average and the last layer. What pictures have in common is most of an average of
  /// ReLUs; a tower whose features start nearly alike learns nothing from contrasts for hundreds of steps.
  bool feature_norm = false;
};

/// A classifier: a ResNet whose outputs are classes, and the size of its pictures.
struct ClassifierConfig {
  std::string name;
  int64_t image_size = 32;
  ResNetConfig resnet;
};

/// Two 3x3 convolutions with the shortcut added before the last ReLU.
struct BasicBlock {
  Conv2d conv1, conv2;
  BatchNorm bn1, bn2;
  struct Downsample {
    Conv2d conv;
    BatchNorm bn;
    void visit(auto&& f) { f("0", conv), f("1", bn); }
  };
  std::optional<Downsample> downsample;

  BasicBlock(int64_t in, int64_t out, int stride)
      : conv1(in, out, 3, stride, 1, false), conv2(out, out, 3, 1, 1, false), bn1(out), bn2(out) {
    if (stride > 1 || in != out)
      downsample = Downsample{Conv2d(in, out, 1, stride, 0, false), BatchNorm(out)};
  }

  Var operator()(const Var& x) {
    const Var inner = conv2(bn1(conv1(x), Activation::relu));
    const Var shortcut = downsample ? downsample->bn(downsample->conv(x)) : x;
    return bn2(inner, Activation::relu, shortcut);
  }
  void visit(auto&& f) {
    f("conv1", conv1), f("bn1", bn1), f("conv2", conv2), f("bn2", bn2), f("downsample", downsample);
  }
};

struct ResNet {
  Conv2d conv1;
  BatchNorm bn1;
  std::vector<std::vector<BasicBlock>> stages;
  std::optional<BatchNorm> feature_norm;
  Linear fc;

  explicit ResNet(const ResNetConfig& c) {
    check(!c.widths.empty() && c.widths.size() == c.blocks.size(), "resnet",
          "needs as many widths as blocks, got ", c.widths.size(), " and ", c.blocks.size());
    conv1 = Conv2d(3, c.widths[0], 3, c.stem_stride, 1, false);
    bn1 = BatchNorm(c.widths[0]);
    int64_t in = c.widths[0];
    stages.resize(c.widths.size());
    for (size_t stage = 0; stage < c.widths.size(); ++stage)
      for (int i = 0; i < c.blocks[stage]; ++i) {
        stages[stage].emplace_back(in, c.widths[stage], i == 0 && stage > 0 ? 2 : 1);
        in = c.widths[stage];
      }
    if (c.feature_norm) feature_norm.emplace(in);
    fc = Linear(in, c.outputs);
  }

  /// x [B,H,W,3] -> [B,outputs].
  Var operator()(const Var& x) {
    Var y = bn1(conv1(x), Activation::relu);
    for (auto& stage : stages)
      for (BasicBlock& block : stage) y = block(y);
    y = mean_pool(y);
    return fc(feature_norm ? (*feature_norm)(y) : y);
  }
  void visit(auto&& f) {
    f("conv1", conv1), f("bn1", bn1);
    for (size_t i = 0; i < stages.size(); ++i) f("layer" + std::to_string(i + 1), stages[i]);
    f("feature_norm", feature_norm), f("fc", fc);
  }
};

}  // namespace t2ue

#pragma once

#include <t2ue/models/classifiers/resnet.hpp>

namespace t2ue {

T2UE_INLINE void ResNetConfig::fields(FieldList& f) {
  f("widths", widths, in_range(1, 65536), "Channels of each stage").must_be_given();
  f("blocks", blocks, in_range(1, 1000), "Of each stage").must_be_given();
  f("stem_stride", stem_stride, in_range(1, 8), "Of the first convolution");
  f("feature_norm", feature_norm, "Batch norm between the average and the last layer");
  f("bottleneck", bottleneck, "Blocks of three convolutions instead of two").left_out_if(!bottleneck);
  f("stem_size", stem_size, in_range(1, 15), "Of the first convolution's window, odd")
      .left_out_if(stem_size == 3);
  f("stem_pool", stem_pool, "Max pooling behind the first convolution").left_out_if(!stem_pool);
}

T2UE_INLINE ResNetBlock::ResNetBlock(int64_t in, int64_t width, int stride, bool bottleneck)
    : bn1(width), bn2(width) {
  const int64_t out = width * expansion(bottleneck);
  if (bottleneck) {
    conv1 = Conv2d(in, width, 1, 1, 0, false);
    conv2 = Conv2d(width, width, 3, stride, 1, false);
    conv3.emplace(width, out, 1, 1, 0, false);
    bn3.emplace(out);
  } else {
    conv1 = Conv2d(in, width, 3, stride, 1, false);
    conv2 = Conv2d(width, width, 3, 1, 1, false);
  }
  if (stride > 1 || in != out) downsample.emplace(in, out, stride);
}

T2UE_INLINE Var ResNetBlock::operator()(const Var& x) {
  const Var inner = conv2(bn1(conv1(x), Activation::relu));
  const Var shortcut = downsample ? (*downsample)(x) : x;
  if (!conv3) return bn2(inner, Activation::relu, shortcut);
  return (*bn3)((*conv3)(bn2(inner, Activation::relu)), Activation::relu, shortcut);
}

T2UE_INLINE ResNet::ResNet(const ResNetConfig& c, int64_t outputs) : stem_pool(c.stem_pool) {
  check(!c.widths.empty() && c.widths.size() == c.blocks.size(), "resnet",
        "needs as many widths as blocks, got ", c.widths.size(), " and ", c.blocks.size());
  check(c.stem_size % 2 == 1, "resnet", "the stem's window needs a middle, so an odd size, got ",
        c.stem_size);
  conv1 = Conv2d(3, c.widths[0], c.stem_size, c.stem_stride, c.stem_size / 2, false);
  bn1 = BatchNorm(c.widths[0]);
  int64_t in = c.widths[0];
  stages.resize(c.widths.size());
  for (size_t stage = 0; stage < c.widths.size(); ++stage)
    for (int i = 0; i < c.blocks[stage]; ++i) {
      stages[stage].emplace_back(in, c.widths[stage], i == 0 && stage > 0 ? 2 : 1, c.bottleneck);
      in = c.widths[stage] * ResNetBlock::expansion(c.bottleneck);
    }
  if (c.feature_norm) feature_norm.emplace(in);
  fc = Linear(in, outputs);
}

T2UE_INLINE Var ResNet::features(const Var& x) {
  Var y = bn1(conv1(x), Activation::relu);
  if (stem_pool) y = pool2d(y, Pooling::max, 3, 2, 1);
  for (auto& stage : stages)
    for (ResNetBlock& block : stage) y = block(y);
  y = mean_pool(y);
  return feature_norm ? (*feature_norm)(y) : y;
}

}  // namespace t2ue

#pragma once

#include <t2ue/models/classifiers/googlenet.hpp>

namespace t2ue {

T2UE_INLINE void GoogLeNetConfig::fields(FieldList& f) {
  f("imagenet_stem", imagenet_stem, "ImageNet's first convolutions");
  f("divide", divide, in_range(1, 8), "All numbers of channels are divided by it: 1, 2, 4 or 8");
}

T2UE_INLINE ConvNormRelu::ConvNormRelu(int64_t in, int64_t out, int size, int stride)
    : conv(in, out, size, stride, size / 2, false), bn(out) {
  bn.eps = 1e-3f;  // torchvision's here
}

T2UE_INLINE Inception::Inception(int64_t in, const InceptionChannels& c)
    : branch1(in, c.single, 1), branch4(in, c.pooled, 1) {
  branch2 = {ConvNormRelu(in, c.reduce3, 1), ConvNormRelu(c.reduce3, c.triple, 3)};
  branch3 = {ConvNormRelu(in, c.reduce5, 1), ConvNormRelu(c.reduce5, c.five, 3)};
}

T2UE_INLINE Var Inception::operator()(const Var& x) {
  return concat_channels({branch1(x), branch2[1](branch2[0](x)), branch3[1](branch3[0](x)),
                          branch4(pool2d(x, Pooling::max, 3, 1, 1))});
}

T2UE_INLINE GoogLeNet::GoogLeNet(const GoogLeNetConfig& c, int64_t outputs) {
  check(c.divide == 1 || c.divide == 2 || c.divide == 4 || c.divide == 8, "googlenet",
        "divides its channels by 1, 2, 4 or 8, not by ", c.divide);
  int64_t in = 192 / c.divide;
  if (c.imagenet_stem)
    stem = {ConvNormRelu(3, 64 / c.divide, 7, 2), ConvNormRelu(64 / c.divide, 64 / c.divide, 1),
            ConvNormRelu(64 / c.divide, in, 3)};
  else
    stem = {ConvNormRelu(3, in, 3)};
  for (const std::vector<InceptionChannels>& blocks : table()) {
    auto& stage = stages.emplace_back();
    for (InceptionChannels channels : blocks) {
      for (int64_t* count : {&channels.single, &channels.reduce3, &channels.triple, &channels.reduce5,
                             &channels.five, &channels.pooled})
        *count /= c.divide;
      stage.emplace_back(in, channels);
      in = channels.sum();
    }
  }
  fc = Linear(in, outputs);
}

T2UE_INLINE Var GoogLeNet::features(const Var& x) {
  const auto halved = [](const Var& map, int size) {
    return pool2d(map, Pooling::max, size, 2, 0, PoolEnd::cut);
  };
  Var y = stem[0](x);
  if (stem.size() > 1) y = halved(stem[2](stem[1](halved(y, 3))), 3);
  for (size_t i = 0; i < stages.size(); ++i) {
    if (i > 0) y = halved(y, i == 1 ? 3 : 2);
    for (Inception& block : stages[i]) y = block(y);
  }
  return mean_pool(y);
}

T2UE_INLINE std::vector<std::vector<InceptionChannels>> GoogLeNet::table() {
  return {{{64, 96, 128, 16, 32, 32}, {128, 128, 192, 32, 96, 64}},
          {{192, 96, 208, 16, 48, 64},
           {160, 112, 224, 24, 64, 64},
           {128, 128, 256, 24, 64, 64},
           {112, 144, 288, 32, 64, 64},
           {256, 160, 320, 32, 128, 128}},
          {{256, 160, 320, 32, 128, 128}, {384, 192, 384, 48, 128, 128}}};
}

}  // namespace t2ue

#pragma once

#include <t2ue/models/clip/modified_resnet.hpp>

namespace t2ue {

T2UE_INLINE ModifiedBottleneck::ModifiedBottleneck(int64_t in, int64_t planes, int stride_)
    : conv1(in, planes, 1, 1, 0, false),
      conv2(planes, planes, 3, 1, 1, false),
      conv3(planes, 4 * planes, 1, 1, 0, false),
      bn1(planes),
      bn2(planes),
      bn3(4 * planes, 0.0f),
      stride(stride_) {
  if (stride > 1 || in != 4 * planes)
    downsample = Downsample{Conv2d(in, 4 * planes, 1, 1, 0, false), BatchNorm(4 * planes)};
}

T2UE_INLINE Var ModifiedBottleneck::operator()(const Var& x) {
  const auto pooled = [&](const Var& v) {
    return stride > 1 ? pool2d(v, Pooling::average, stride, stride) : v;
  };
  const Var inner = pooled(bn2(conv2(bn1(conv1(x), Activation::relu)), Activation::relu));
  const Var shortcut = downsample ? downsample->bn(downsample->conv(pooled(x))) : x;
  return bn3(conv3(inner), Activation::relu, shortcut);
}

T2UE_INLINE AttentionPool::AttentionPool(int64_t places, int64_t width, int heads_, int64_t out)
    : positional_embedding({places + 1, width}, Init::normal(1.0f / std::sqrt(static_cast<float>(width)))),
      qkv_weight({3 * width, width}, Init::normal(1.0f / std::sqrt(static_cast<float>(width)))),
      qkv_bias({3 * width}, Init::zeros()),
      c_proj(width, out, Init::normal(1.0f / std::sqrt(static_cast<float>(width)))),
      heads(heads_) {}

T2UE_INLINE Var AttentionPool::operator()(const Var& x) {
  Graph& g = x.graph();
  const Var places = x.reshape({x.shape()[0], x.shape()[1] * x.shape()[2], x.shape()[3]});
  const Var tokens = prepend_token(places, mean_pool(places), g.parameter(positional_embedding));
  const Var qkv = linear(tokens, g.parameter(qkv_weight), g.parameter(qkv_bias));
  return c_proj(gather_token(attention(qkv, heads, false)));
}

T2UE_INLINE ModifiedResNet::ModifiedResNet(const ModifiedResNetConfig& c)
    : conv1(3, c.width / 2, 3, 2, 1, false),
      conv2(c.width / 2, c.width / 2, 3, 1, 1, false),
      conv3(c.width / 2, c.width, 3, 1, 1, false),
      bn1(c.width / 2),
      bn2(c.width / 2),
      bn3(c.width) {
  check(c.layers.size() == 4 && c.image_size % 32 == 0, "modified_resnet",
        "needs four stages and image_size divisible by 32, got ", c.layers.size(), " and ", c.image_size);
  int64_t in = c.width;
  for (size_t stage = 0; stage < 4; ++stage) {
    const int64_t planes = c.width << stage;
    for (int i = 0; i < c.layers[stage]; ++i) {
      stages[stage].emplace_back(in, planes, i == 0 && stage > 0 ? 2 : 1);
      in = 4 * planes;
    }
  }
  attnpool = AttentionPool((c.image_size / 32) * (c.image_size / 32), in, c.heads, c.embed_dim);
}

T2UE_INLINE Var ModifiedResNet::operator()(const Var& x) {
  Var y = bn1(conv1(x), Activation::relu);
  y = bn2(conv2(y), Activation::relu);
  y = pool2d(bn3(conv3(y), Activation::relu), Pooling::average, 2, 2);
  for (auto& stage : stages)
    for (ModifiedBottleneck& block : stage) y = block(y);
  return attnpool(y);
}

}  // namespace t2ue

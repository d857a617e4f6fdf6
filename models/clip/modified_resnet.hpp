// CLIP's ResNet image tower: three-convolution stem, average pooling instead of strides, attention pooling.
#pragma once

#include <array>

#include <t2ue/models/layers.hpp>

namespace t2ue {

struct ModifiedResNetConfig {
  int64_t image_size = 224, width = 64;
  std::vector<int> layers{3, 4, 6, 3};
  int heads = 32;
  int64_t embed_dim = 1024;
};

/// 1x1, 3x3, average pool, 1x1 with the shortcut added before the last ReLU.
struct ModifiedBottleneck {
  Conv2d conv1, conv2, conv3;
  BatchNorm bn1, bn2, bn3;
  struct Downsample {
    Conv2d conv;
    BatchNorm bn;
    void visit(auto&& f) { f("0", conv), f("1", bn); }
  };
  std::optional<Downsample> downsample;
  int stride = 1;

  ModifiedBottleneck(int64_t in, int64_t planes, int stride_)
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

  Var operator()(const Var& x) {
    const auto pooled = [&](const Var& v) {
      return stride > 1 ? pool2d(v, Pooling::average, stride, stride) : v;
    };
    const Var inner = pooled(bn2(conv2(bn1(conv1(x), Activation::relu)), Activation::relu));
    const Var shortcut = downsample ? downsample->bn(downsample->conv(pooled(x))) : x;
    return bn3(conv3(inner), Activation::relu, shortcut);
  }
  void visit(auto&& f) {
    f("conv1", conv1), f("bn1", bn1), f("conv2", conv2), f("bn2", bn2), f("conv3", conv3), f("bn3", bn3);
    f("downsample", downsample);
  }
};

/// Attention of the mean token over all places; query, key and value projections are stored packed.
struct AttentionPool {
  Parameter positional_embedding, qkv_weight, qkv_bias;
  Linear c_proj;
  int heads = 32;

  AttentionPool() = default;
  AttentionPool(int64_t places, int64_t width, int heads_, int64_t out)
      : positional_embedding({places + 1, width}, Init::normal(1.0f / std::sqrt(static_cast<float>(width)))),
        qkv_weight({3 * width, width}, Init::normal(1.0f / std::sqrt(static_cast<float>(width)))),
        qkv_bias({3 * width}, Init::zeros()),
        c_proj(width, out, Init::normal(1.0f / std::sqrt(static_cast<float>(width)))),
        heads(heads_) {}

  /// x [B,H,W,C] -> [B,out]
  Var operator()(const Var& x) {
    Graph& g = x.graph();
    const Var places = x.reshape({x.shape()[0], x.shape()[1] * x.shape()[2], x.shape()[3]});
    const Var tokens = prepend_token(places, mean_pool(places), g.parameter(positional_embedding));
    const Var qkv = linear(tokens, g.parameter(qkv_weight), g.parameter(qkv_bias));
    return c_proj(gather_token(attention(qkv, heads, false)));
  }
  void visit(auto&& f) {
    f("positional_embedding", positional_embedding), f("qkv_proj.weight", qkv_weight),
        f("qkv_proj.bias", qkv_bias);
    f("c_proj", c_proj);
  }
};

struct ModifiedResNet {
  Conv2d conv1, conv2, conv3;
  BatchNorm bn1, bn2, bn3;
  std::array<std::vector<ModifiedBottleneck>, 4> stages;
  AttentionPool attnpool;

  explicit ModifiedResNet(const ModifiedResNetConfig& c)
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

  /// x [B,H,W,3] -> [B,embed_dim], not normalised.
  Var operator()(const Var& x) {
    Var y = bn1(conv1(x), Activation::relu);
    y = bn2(conv2(y), Activation::relu);
    y = pool2d(bn3(conv3(y), Activation::relu), Pooling::average, 2, 2);
    for (auto& stage : stages)
      for (ModifiedBottleneck& block : stage) y = block(y);
    return attnpool(y);
  }
  void visit(auto&& f) {
    f("conv1", conv1), f("bn1", bn1), f("conv2", conv2), f("bn2", bn2), f("conv3", conv3), f("bn3", bn3);
    f("layer1", stages[0]), f("layer2", stages[1]), f("layer3", stages[2]), f("layer4", stages[3]);
    f("attnpool", attnpool);
  }
};

}  // namespace t2ue

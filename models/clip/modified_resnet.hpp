// CLIP's ResNet image tower: three-convolution stem, average pooling instead of strides, attention pooling.
#pragma once

#include <array>

#include <t2ue/core/config.hpp>
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

  ModifiedBottleneck(int64_t in, int64_t planes, int stride_);

  Var operator()(const Var& x);
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
  AttentionPool(int64_t places, int64_t width, int heads_, int64_t out);

  /// x [B,H,W,C] -> [B,out]
  Var operator()(const Var& x);
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

  explicit ModifiedResNet(const ModifiedResNetConfig& c);

  /// x [B,H,W,3] -> [B,embed_dim], not normalised.
  Var operator()(const Var& x);
  void visit(auto&& f) {
    f("conv1", conv1), f("bn1", bn1), f("conv2", conv2), f("bn2", bn2), f("conv3", conv3), f("bn3", bn3);
    f("layer1", stages[0]), f("layer2", stages[1]), f("layer3", stages[2]), f("layer4", stages[3]);
    f("attnpool", attnpool);
  }
};

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/models/clip/modified_resnet.inl.hpp>
#endif

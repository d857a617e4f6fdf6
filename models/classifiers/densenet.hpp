// DenseNet-BC (Huang et al., 2017): every layer reads the maps of all layers before it in its block.
#pragma once

#include <t2ue/core/config.hpp>
#include <t2ue/core/fields.hpp>
#include <t2ue/models/layers.hpp>

namespace t2ue {

struct DenseNetConfig {
  int64_t growth = 32;                     ///< channels that each layer adds
  std::vector<int> blocks{6, 12, 24, 16};  ///< layers of each block; between blocks map and channels halve
  int64_t stem_width = 64;
  bool imagenet_stem = false;  ///< 7x7 of stride 2 and a 3x3 max pooling; otherwise 3x3

  void fields(FieldList& f);
};

/// Norm, ReLU, 1x1 convolution to four times the growth, norm, ReLU, 3x3 convolution to the growth.
struct DenseLayer {
  BatchNorm norm1, norm2;
  Conv2d conv1, conv2;

  DenseLayer(int64_t in, int64_t growth);
  Var operator()(const Var& x);
  void visit(auto&& f) { f("norm1", norm1), f("conv1", conv1), f("norm2", norm2), f("conv2", conv2); }
};

/// Half the channels, then half the map.
struct DenseTransition {
  BatchNorm norm;
  Conv2d conv;

  explicit DenseTransition(int64_t in) : norm(in), conv(in, in / 2, 1, 1, 0, false) {}
  Var operator()(const Var& x) { return pool2d(conv(norm(x, Activation::relu)), Pooling::average, 2, 2); }
  void visit(auto&& f) { f("norm", norm), f("conv", conv); }
};

/// Parameter names as in torchvision.
struct DenseNet {
  Conv2d conv0;
  BatchNorm norm0;
  bool stem_pool;
  std::vector<std::vector<DenseLayer>> blocks;
  std::vector<DenseTransition> transitions;
  BatchNorm norm5;
  Linear classifier;

  DenseNet(const DenseNetConfig& c, int64_t outputs);

  /// x [B,H,W,3] -> what the last layer reads, [B,C].
  Var features(const Var& x);
  Linear& head() { return classifier; }
  void visit(auto&& f) {
    f("features.conv0", conv0), f("features.norm0", norm0);
    for (size_t i = 0; i < blocks.size(); ++i) {
      for (size_t j = 0; j < blocks[i].size(); ++j)
        f(concat("features.denseblock", i + 1, ".denselayer", j + 1), blocks[i][j]);
      if (i < transitions.size()) f(concat("features.transition", i + 1), transitions[i]);
    }
    f("features.norm5", norm5), f("classifier", classifier);
  }
};

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/models/classifiers/densenet.inl.hpp>
#endif

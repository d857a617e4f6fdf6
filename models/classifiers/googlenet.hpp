// GoogLeNet (Szegedy et al., 2015) with batch norm and without auxiliary classifiers.
#pragma once

#include <t2ue/core/config.hpp>
#include <t2ue/core/fields.hpp>
#include <t2ue/models/layers.hpp>

namespace t2ue {

struct GoogLeNetConfig {
  /// ImageNet's: a 7x7 convolution of stride 2, then 1x1 and 3x3, with two poolings. Otherwise one 3x3
  /// convolution, for small pictures.
  bool imagenet_stem = false;
  int divide = 1;  ///< every number of channels is divided by it: 1, 2, 4 or 8

  void fields(FieldList& f);
};

/// Convolution, batch norm, ReLU.
struct ConvNormRelu {
  Conv2d conv;
  BatchNorm bn;

  ConvNormRelu(int64_t in, int64_t out, int size, int stride = 1);
  Var operator()(const Var& x) { return bn(conv(x), Activation::relu); }
  void visit(auto&& f) { f("conv", conv), f("bn", bn); }
};

/// Channels that an inception block's branches give: 1x1; 3x3 and "5x5", each after a 1x1 that reduces; 1x1
/// after a pooling.
struct InceptionChannels {
  int64_t single, reduce3, triple, reduce5, five, pooled;
  int64_t sum() const { return single + triple + five + pooled; }
};

/// The "5x5" branch is a 3x3 convolution, as in torchvision and in the weights made with it.
struct Inception {
  ConvNormRelu branch1;
  std::vector<ConvNormRelu> branch2, branch3;
  ConvNormRelu branch4;

  Inception(int64_t in, const InceptionChannels& c);
  Var operator()(const Var& x);
  void visit(auto&& f) {
    f("branch1", branch1), f("branch2", branch2), f("branch3", branch3), f("branch4.1", branch4);
  }
};

/// Parameter names as in torchvision, whose dropout before the last layer is left out.
struct GoogLeNet {
  std::vector<ConvNormRelu> stem;
  std::vector<std::vector<Inception>> stages;  ///< inception3, 4 and 5
  Linear fc;

  GoogLeNet(const GoogLeNetConfig& c, int64_t outputs);

  /// x [B,H,W,3] -> what the last layer reads, [B,C].
  Var features(const Var& x);
  Linear& head() { return fc; }
  void visit(auto&& f) {
    for (size_t i = 0; i < stem.size(); ++i) f(concat("conv", i + 1), stem[i]);
    for (size_t i = 0; i < stages.size(); ++i)
      for (size_t j = 0; j < stages[i].size(); ++j)
        f(concat("inception", i + 3, static_cast<char>('a' + j)), stages[i][j]);
    f("fc", fc);
  }

 private:
  /// Table 1 of the paper.
  static std::vector<std::vector<InceptionChannels>> table();
};

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/models/classifiers/googlenet.inl.hpp>
#endif

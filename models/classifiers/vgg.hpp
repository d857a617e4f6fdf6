// VGG (Simonyan and Zisserman, 2015): stages of 3x3 convolutions, a max pooling behind each.
#pragma once

#include <t2ue/core/config.hpp>
#include <t2ue/core/fields.hpp>
#include <t2ue/models/layers.hpp>

namespace t2ue {

struct VggConfig {
  std::vector<int64_t> widths{64, 128, 256, 512, 512};  ///< channels of each stage
  std::vector<int> convolutions{1, 1, 2, 2, 2};         ///< of each stage
  bool batch_norm = true;                               ///< behind every convolution
  /// Of the two layers before the last, which read all places of the last map. 0: there are none, and the
  /// last layer reads the map's average, as is usual for small pictures.
  int64_t hidden = 0;

  void fields(FieldList& f);
};

/// Parameter names as in torchvision; without hidden layers the last is "classifier". There is no dropout
/// between the hidden layers, which torchvision has, and maps are read place by place, not channel by
/// channel.
struct Vgg {
  struct Convolution {
    std::string name, norm_name;
    Conv2d conv;
    std::optional<BatchNorm> norm;
    bool last_of_stage = false;
  };
  std::vector<Convolution> convolutions;
  std::optional<Linear> hidden1, hidden2;
  Linear classifier;

  Vgg(const VggConfig& c, int64_t image_size, int64_t outputs);

  /// x [B,H,W,3] -> what the last layer reads, [B,C].
  Var features(const Var& x);
  Linear& head() { return classifier; }
  void visit(auto&& f) {
    for (Convolution& step : convolutions) f(step.name, step.conv), f(step.norm_name, step.norm);
    f("classifier.0", hidden1), f("classifier.3", hidden2);
    f(hidden1 ? "classifier.6" : "classifier", classifier);
  }
};

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/models/classifiers/vgg.inl.hpp>
#endif

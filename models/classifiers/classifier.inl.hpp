#pragma once

#include <t2ue/models/classifiers/classifier.hpp>

namespace t2ue {

T2UE_INLINE bool ClassifierConfig::has_fixed_size() const {
  const auto* vgg = std::get_if<VggConfig>(&architecture);
  return std::holds_alternative<VitConfig>(architecture) || (vgg && vgg->hidden > 0);
}

T2UE_INLINE void ClassifierConfig::fit_to(int64_t size) {
  check(!has_fixed_size() || size == image_size, "classifier", name.empty() ? "the classifier" : name,
        " looks at ", image_size, " pixels, the pictures have ", size);
  image_size = size;
}

T2UE_INLINE Classifier::Classifier(const ClassifierProbe& probe) : Classifier(probe.config) {
  is_probe = true;
  for_each_parameter(*this, [this](const std::string&, Parameter& parameter) {
    parameter.frozen = &parameter != &head().weight && &parameter != &head().bias;
  });
}

T2UE_INLINE Var Classifier::features(const Var& x) {
  std::optional<EvalMode> running_statistics;
  if (is_probe) running_statistics.emplace(x.graph());
  return std::visit([&](auto& net) { return net.features(x); }, network);
}

T2UE_INLINE Linear& Classifier::head() {
  return std::visit([](auto& net) -> Linear& { return net.head(); }, network);
}

T2UE_INLINE Classifier::Network Classifier::network_of(const ClassifierConfig& c) {
  if (const auto* resnet = std::get_if<ResNetConfig>(&c.architecture)) return ResNet(*resnet, c.outputs);
  if (const auto* vgg = std::get_if<VggConfig>(&c.architecture)) return Vgg(*vgg, c.image_size, c.outputs);
  if (const auto* google = std::get_if<GoogLeNetConfig>(&c.architecture))
    return GoogLeNet(*google, c.outputs);
  if (const auto* dense = std::get_if<DenseNetConfig>(&c.architecture)) return DenseNet(*dense, c.outputs);
  return Vit(std::get<VitConfig>(c.architecture), c.image_size, c.outputs);
}

}  // namespace t2ue

// A classifier of any architecture, and what decides its shape.
#pragma once

#include <string>
#include <variant>

#include <t2ue/models/classifiers/resnet.hpp>

namespace t2ue {

/// A classifier: its architecture, the size of its pictures, and how many classes it tells apart.
struct ClassifierConfig {
  std::string name;
  int64_t image_size = 32;
  int64_t outputs = 10;
  std::variant<ResNetConfig> architecture;
};

/// One network, under its own parameter names: those of torchvision where it has the architecture.
struct Classifier {
  std::variant<ResNet> network;

  explicit Classifier(const ClassifierConfig& c) : network(network_of(c)) {}

  /// Normalised pixels [B,H,W,3] -> logits [B,outputs].
  Var operator()(const Var& x) {
    return std::visit([&](auto& net) { return net.head()(net.features(x)); }, network);
  }
  /// The last layer.
  Linear& head() {
    return std::visit([](auto& net) -> Linear& { return net.head(); }, network);
  }
  void visit(auto&& f) {
    std::visit([&](auto& net) { net.visit(f); }, network);
  }

 private:
  using Network = std::variant<ResNet>;
  static Network network_of(const ClassifierConfig& c) {
    return std::visit([&](const auto& architecture) { return make(architecture, c); }, c.architecture);
  }
  static Network make(const ResNetConfig& architecture, const ClassifierConfig& c) {
    return ResNet(architecture, c.outputs);
  }
};

}  // namespace t2ue

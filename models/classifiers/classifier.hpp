// A classifier of any architecture, and its configuration.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include <t2ue/core/config.hpp>
#include <t2ue/models/classifiers/densenet.hpp>
#include <t2ue/models/classifiers/googlenet.hpp>
#include <t2ue/models/classifiers/resnet.hpp>
#include <t2ue/models/classifiers/vgg.hpp>
#include <t2ue/models/classifiers/vit.hpp>

namespace t2ue {

/// A classifier: its architecture, the size of its pictures, and how many classes it tells apart.
/// The alternatives of ClassifierConfig::architecture.
enum class ClassifierArchitecture : uint8_t { resnet, vgg, googlenet, densenet, vit };

namespace detail {
template <>
struct KindNames<ClassifierArchitecture> {
  static constexpr std::string_view what = "architecture";
  static constexpr std::array<std::string_view, 5> names = {"resnet", "vgg", "googlenet", "densenet", "vit"};
};
}  // namespace detail

struct ClassifierConfig {
  std::string name;
  int64_t image_size = 32;
  int64_t outputs = 10;
  std::variant<ResNetConfig, VggConfig, GoogLeNetConfig, DenseNetConfig, VitConfig> architecture;

  /// Those of the architecture that it has now, which JSON names beside them.
  void fields(FieldList& f) {
    f("image_size", image_size, in_range(4, 4096), "Side of the pictures");
    std::visit([&](auto& config) { config.fields(f); }, architecture);
  }

  /// Whether the parameters depend on the size of the pictures; else it takes pictures of others, too.
  bool has_fixed_size() const;
  /// Makes it one for pictures of `size`; Error naming it if its parameters depend on another.
  void fit_to(int64_t size);
};

/// A linear probe: the last layer trains, everything before it is frozen and its batch norms use their
/// running statistics.
struct ClassifierProbe {
  ClassifierConfig config;
};

/// One network, under its own parameter names: those of torchvision where it has the architecture.
struct Classifier {
  using Network = std::variant<ResNet, Vgg, GoogLeNet, DenseNet, Vit>;
  Network network;
  bool is_probe = false;

  explicit Classifier(const ClassifierConfig& c) : network(network_of(c)) {}
  explicit Classifier(const ClassifierProbe& probe);

  /// Normalised pixels [B,H,W,3] -> logits [B,outputs].
  Var operator()(const Var& x) { return head()(features(x)); }
  /// What the last layer reads, [B,C].
  Var features(const Var& x);
  /// The last layer.
  Linear& head();
  void visit(auto&& f) {
    std::visit([&](auto& net) { net.visit(f); }, network);
  }

 private:
  static Network network_of(const ClassifierConfig& c);
};

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/models/classifiers/classifier.inl.hpp>
#endif

// Every architecture against torchvision's own: outputs, gradients, running statistics, names.
#include "models/reference.hpp"

#include <errors.hpp>
#include <set>
#include <t2ue/models/configs.hpp>

namespace t2ue {
namespace {

using namespace testing_models;

/// A small network of the shape that tests/reference/classifiers.py makes of torchvision's. `config.name` is
/// the case.
struct Family {
  ClassifierConfig config;
};
void PrintTo(const Family& family, std::ostream* out) {
  *out << family.config.name;
}
std::vector<Family> families() {
  const std::vector<int64_t> widths{64, 128, 256, 512};
  const std::vector<int> blocks{2, 1, 1, 1}, dense{2, 1, 2};
  return {{{"resnet", 9, 5, ResNetConfig{widths, blocks, 1, false, true}}},
          {{"resnet_imagenet", 34, 5, ResNetConfig{widths, blocks, 2, false, true, 7, true}}},
          {{"vgg", 9, 5, VggConfig{{6, 8}, {1, 2}, true, 0}}},
          {{"vgg_hidden", 8, 5, VggConfig{{6, 8}, {2, 1}, false, 10}}},
          {{"googlenet", 13, 5, GoogLeNetConfig{false, 8}}},
          {{"googlenet_imagenet", 79, 5, GoogLeNetConfig{true, 8}}},
          {{"densenet", 9, 5, DenseNetConfig{4, dense, 8, false}}},
          {{"densenet_imagenet", 45, 5, DenseNetConfig{4, dense, 8, true}}},
          {{"vit", 12, 5, VitConfig{4, 16, 2, 4}}}};
}

class ClassifierFamily : public testing::TestWithParam<Family> {};

TEST_P(ClassifierFamily, ComputesWhatTorchvisionComputes) {
  const ClassifierConfig& config = GetParam().config;
  Classifier model(config);
  check_module(
      "classifier_" + config.name, model,
      {{"input.pixels", uniform_tensor("input.pixels", {4, config.image_size, config.image_size, 3})}},
      [&](const std::vector<Var>& in) { return model(in[0]); });
}

INSTANTIATE_TEST_SUITE_P(All, ClassifierFamily, testing::ValuesIn(families()),
                         testing::PrintToStringParamName());

TEST(Classifier, HasTorchvisionsNames) {
  const auto names_of = [](const std::string& config) {
    Classifier model(classifier_config(config));
    std::set<std::string> names;
    for_each_parameter(model, [&](const std::string& name, Parameter&) { names.insert(name); });
    return names;
  };
  const std::map<std::string, std::vector<std::string>> some{
      {"resnet50-imagenet",
       {"conv1.weight", "bn1.running_var", "layer1.0.downsample.0.weight", "layer4.2.bn3.bias", "fc.bias"}},
      {"vgg11-imagenet",
       {"features.0.weight", "features.18.bias", "classifier.0.weight", "classifier.6.bias"}},
      {"vgg13-bn-imagenet", {"features.1.running_mean", "features.31.weight", "features.32.bias"}},
      {"googlenet-imagenet",
       {"conv3.bn.weight", "inception3a.branch1.conv.weight", "inception4e.branch3.1.bn.bias",
        "inception5b.branch4.1.conv.weight", "fc.weight"}},
      {"densenet121-imagenet",
       {"features.conv0.weight", "features.norm0.bias", "features.denseblock3.denselayer24.conv2.weight",
        "features.transition3.conv.weight", "features.norm5.running_var", "classifier.bias"}},
      {"vit-b-16",
       {"class_token", "conv_proj.bias", "encoder.pos_embedding", "encoder.ln.weight", "heads.head.weight",
        "encoder.layers.encoder_layer_11.self_attention.in_proj_weight",
        "encoder.layers.encoder_layer_0.self_attention.out_proj.bias",
        "encoder.layers.encoder_layer_5.mlp.3.weight"}}};
  for (const auto& [config, wanted] : some) {
    const std::set<std::string> names = names_of(config);
    for (const std::string& name : wanted) EXPECT_TRUE(names.contains(name)) << config << ": " << name;
  }
}

TEST(Classifier, RefusesSizesThatDoNotFit) {
  using testing_errors::expect_error;
  expect_error([] { Vgg(VggConfig{}, 16, 10); }, {"[vgg]", "16 pixels"});
  expect_error([] { Vit(VitConfig{}, 40, 10); }, {"[vit]", "40", "16"});
  expect_error([] { GoogLeNet(GoogLeNetConfig{false, 3}, 10); }, {"[googlenet]", "not by 3"});
  expect_error([] { ResNet(ResNetConfig{{8}, {1}, 1, false, false, 4}, 10); }, {"[resnet]", "got 4"});
}

}  // namespace
}  // namespace t2ue

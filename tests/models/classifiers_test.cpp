// Every architecture against torchvision's definition of it, written out in float64, and its gradients
// against differences.
#include "models/plain_network.hpp"
#include "models/reference.hpp"

#include <errors.hpp>
#include <set>
#include <t2ue/models/configs.hpp>

namespace t2ue {
namespace {

using namespace testing_models;

Map plain_resnet(const PlainLayers& net, const ResNetConfig& c, const Map& x) {
  Map y = relu(net.norm(net.conv(x, "conv1", c.stem_stride, c.stem_size / 2), "bn1"));
  if (c.stem_pool) y = max_pool(y, 3, 2, 1);
  for (size_t stage = 0; stage < c.blocks.size(); ++stage)
    for (int i = 0; i < c.blocks[stage]; ++i) {
      const std::string name = concat("layer", stage + 1, ".", i, ".");
      const int stride = stage > 0 && i == 0 ? 2 : 1;
      const Map first = relu(net.norm(net.conv(y, name + "conv1", 1, 0), name + "bn1"));
      const Map second = relu(net.norm(net.conv(first, name + "conv2", stride, 1), name + "bn2"));
      const Map third = net.norm(net.conv(second, name + "conv3", 1, 0), name + "bn3");
      if (i == 0) y = net.norm(net.conv(y, name + "downsample.0", stride, 0), name + "downsample.1");
      y = relu(sum(third, y));
    }
  return net.linear(mean(y), "fc");
}

Map plain_vgg(const PlainLayers& net, const VggConfig& c, Map y) {
  int place = 0;
  for (const int convolutions : c.convolutions) {
    for (int i = 0; i < convolutions; ++i) {
      y = net.conv(y, concat("features.", place++), 1, 1);
      if (c.batch_norm) y = net.norm(y, concat("features.", place++));
      y = relu(y);
      ++place;
    }
    y = max_pool(y, 2, 2, 0);
    ++place;
  }
  if (c.hidden == 0) return net.linear(mean(y), "classifier");
  y = relu(net.linear(flat(y), "classifier.0"));
  return net.linear(relu(net.linear(y, "classifier.3")), "classifier.6");
}

Map plain_googlenet(const PlainLayers& net, const GoogLeNetConfig& c, const Map& x) {
  const auto basic = [&](const Map& in, const std::string& name, int stride, int pad) {
    return relu(net.norm(net.conv(in, name + ".conv", stride, pad), name + ".bn", 1e-3));
  };
  const auto inception = [&](const Map& in, const std::string& name) {
    const Map one = basic(in, name + ".branch1", 1, 0);
    const Map two = basic(basic(in, name + ".branch2.0", 1, 0), name + ".branch2.1", 1, 1);
    const Map three = basic(basic(in, name + ".branch3.0", 1, 0), name + ".branch3.1", 1, 1);
    const Map four = basic(max_pool(in, 3, 1, 1), name + ".branch4.1", 1, 0);
    return beside(beside(one, two), beside(three, four));
  };
  Map y = basic(x, "conv1", c.imagenet_stem ? 2 : 1, c.imagenet_stem ? 3 : 1);
  if (c.imagenet_stem) {
    y = basic(max_pool(y, 3, 2, 0, true), "conv2", 1, 0);
    y = max_pool(basic(y, "conv3", 1, 1), 3, 2, 0, true);
  }
  y = inception(inception(y, "inception3a"), "inception3b");
  y = max_pool(y, 3, 2, 0, true);
  for (const char* block : {"4a", "4b", "4c", "4d", "4e"}) y = inception(y, concat("inception", block));
  y = max_pool(y, 2, 2, 0, true);
  y = inception(inception(y, "inception5a"), "inception5b");
  return net.linear(mean(y), "fc");
}

Map plain_densenet(const PlainLayers& net, const DenseNetConfig& c, const Map& x) {
  const auto padded = c.imagenet_stem ? 3 : 1;
  Map y = relu(net.norm(net.conv(x, "features.conv0", c.imagenet_stem ? 2 : 1, padded), "features.norm0"));
  if (c.imagenet_stem) y = max_pool(y, 3, 2, 1);
  for (size_t block = 1; block <= c.blocks.size(); ++block) {
    for (int layer = 1; layer <= c.blocks[block - 1]; ++layer) {
      const std::string name = concat("features.denseblock", block, ".denselayer", layer, ".");
      const Map narrow = net.conv(relu(net.norm(y, name + "norm1")), name + "conv1", 1, 0);
      y = beside(y, net.conv(relu(net.norm(narrow, name + "norm2")), name + "conv2", 1, 1));
    }
    if (block == c.blocks.size()) break;
    const std::string name = concat("features.transition", block, ".");
    y = average_pool(net.conv(relu(net.norm(y, name + "norm")), name + "conv", 1, 0), 2, 2);
  }
  return net.linear(mean(relu(net.norm(y, "features.norm5"))), "classifier");
}

Map plain_vit(const PlainLayers& net, const VitConfig& c, const Map& x) {
  const Map patches = net.conv(x, "conv_proj", c.patch_size, 0);
  Map y(x.n, 1, patches.h * patches.w + 1, c.width);
  y = y.with(c.width, [&](int64_t i, int64_t, int64_t token, int64_t k) {
    const double position = net.values("encoder.pos_embedding")[static_cast<size_t>(token * c.width + k)];
    return position + (token == 0 ? net.values("class_token")[static_cast<size_t>(k)]
                                  : patches.at(i, (token - 1) / patches.w, (token - 1) % patches.w, k));
  });
  for (int i = 0; i < c.layers; ++i) {
    const std::string name = concat("encoder.layers.encoder_layer_", i, ".");
    y = sum(y, net.attention(net.layer_norm(y, name + "ln_1", 1e-6), name + "self_attention", c.heads));
    const Map inner = gelu(net.linear(net.layer_norm(y, name + "ln_2", 1e-6), name + "mlp.0"));
    y = sum(y, net.linear(inner, name + "mlp.3"));
  }
  y = net.layer_norm(y, "encoder.ln", 1e-6);
  const Map first =
      Map(y.n, 1, 1, y.c).with(y.c, [&](int64_t i, int64_t, int64_t, int64_t k) { return y.at(i, 0, 0, k); });
  return net.linear(first, "heads.head");
}

/// A small network and its definition.
struct Family {
  const char* name;
  ClassifierConfig config;
  std::function<Map(const PlainLayers&, const Map&)> plain;
};
void PrintTo(const Family& family, std::ostream* out) {
  *out << family.name;
}
template <class Config>
Family family(const char* name, int64_t size, const Config& config,
              Map (*plain)(const PlainLayers&, const Config&, const Map&)) {
  return {name, {name, size, 5, config}, [=](const PlainLayers& net, const Map& x) {
            return plain(net, config, x);
          }};
}
std::vector<Family> families() {
  const auto vgg = [](const PlainLayers& net, const VggConfig& c, const Map& x) {
    return plain_vgg(net, c, x);
  };
  return {family("ResNet", 8, ResNetConfig{{4, 6}, {2, 1}, 1, false, true}, plain_resnet),
          family("ResNetImageNet", 23, ResNetConfig{{4, 6}, {1, 2}, 2, false, true, 7, true}, plain_resnet),
          family<VggConfig>("Vgg", 9, VggConfig{{6, 8}, {1, 2}, true, 0}, vgg),
          family<VggConfig>("VggHidden", 8, VggConfig{{6, 8}, {2, 1}, false, 10}, vgg),
          family("GoogLeNet", 7, GoogLeNetConfig{false, 8}, plain_googlenet),
          family("GoogLeNetImageNet", 40, GoogLeNetConfig{true, 8}, plain_googlenet),
          family("DenseNet", 9, DenseNetConfig{3, {2, 1, 2}, 6, false}, plain_densenet),
          family("DenseNetImageNet", 21, DenseNetConfig{4, {1, 2}, 8, true}, plain_densenet),
          family("Vit", 12, VitConfig{4, 16, 2, 4}, plain_vit)};
}

class ClassifierFamily : public testing::TestWithParam<Family> {
 protected:
  static constexpr int64_t batch = 4;
  Classifier model{GetParam().config};
  ParameterSet parameters{model, 1};
  const Tensor pixels =
      uniform_tensor("input.pixels", {batch, GetParam().config.image_size, GetParam().config.image_size, 3});

  ClassifierFamily() {
    for (Parameter* parameter : parameters.all()) fill(*parameter);
  }
};

TEST_P(ClassifierFamily, ComputesWhatTorchvisionDefines) {
  Tensor output;
  Step step([&](Graph& g) {
    const Evaluation evaluation(g);
    output = g.output(model(g.input(pixels)));
  });
  step.run();
  const int64_t size = GetParam().config.image_size;
  Map x(batch, size, size, 3);
  const std::vector<float> values = pixels.to_vector<float>();
  x.values.assign(values.begin(), values.end());
  const Map expected = GetParam().plain(PlainLayers(parameters), x);
  const std::vector<float> got = output.to_vector<float>();
  ASSERT_EQ(got.size(), expected.values.size());
  const double tolerance = testing_tolerance::fp32(depth, expected.values);
  for (size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], expected.values[i], tolerance) << i;
  // Pictures are told apart: what is compared is no constant.
  EXPECT_GT(std::abs(expected.values[0] - expected.values[5]), 100 * tolerance);
}

TEST_P(ClassifierFamily, GradientIsTheSlopeOfTheLoss) {
  const Tensor labels = integer_tensor("labels", {batch}, 5);
  Tensor loss;
  Step step([&](Graph& g) {
    // With a batch's own statistics the loss of so few pictures bends too much for differences in fp32.
    const Evaluation evaluation(g);
    const Var y = cross_entropy(model(g.input(pixels)), g.input(labels));
    g.backward(y);
    loss = g.output(y);
  });
  step.run();
  // Along the gradient itself, so that every parameter takes part by its share.
  std::vector<std::vector<float>> gradients, before;
  double squares = 0;
  for (const Parameter* parameter : parameters.trained()) {
    gradients.push_back(parameter->grad.to_vector<float>());
    before.push_back(parameter->value.to_vector<float>());
    double own = 0;
    for (const float g : gradients.back()) own += static_cast<double>(g) * static_cast<double>(g);
    EXPECT_TRUE(std::isfinite(own)) << parameter->name;
    squares += own;
  }
  ASSERT_GT(squares, 0);
  const auto loss_at = [&](double distance) {
    for (size_t i = 0; i < before.size(); ++i) {
      std::vector<float> moved = before[i];
      for (size_t j = 0; j < moved.size(); ++j)
        moved[j] += static_cast<float>(distance * static_cast<double>(gradients[i][j]) / std::sqrt(squares));
      parameters.trained()[i]->value.assign(moved);
    }
    step.run();
    return static_cast<double>(loss.item());
  };
  const double reach = 2e-4, slope = (loss_at(reach) - loss_at(-reach)) / (2 * reach);
  EXPECT_NEAR(slope / std::sqrt(squares), 1, 0.01);
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

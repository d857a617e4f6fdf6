#include <gtest/gtest.h>

#include <errors.hpp>
#include <map>
#include <nlohmann/json.hpp>
#include <t2ue/core/ops/ops.hpp>
#include <t2ue/core/plan.hpp>
#include <t2ue/models/configs.hpp>
#include <t2ue/models/generators/ssa_generator.hpp>

namespace t2ue {
namespace {

/// Sums shapes, so that models of hundreds of megabytes need not be allocated.
template <class Module>
int64_t trained_count(Module& module) {
  int64_t sum = 0;
  for_each_parameter(module, [&](const std::string&, const Parameter& parameter) {
    if (parameter.trained) sum += parameter.shape.elements();
  });
  return sum;
}
int64_t clip_count(const std::string& name) {
  Clip model(clip_config(name));
  return trained_count(model);
}

TEST(ParameterCount, GeneratorOfThePaperByParts) {
  SsaGenerator generator(generator_config("t2ue").as<SsaGeneratorConfig>());
  EXPECT_EQ(trained_count(generator), 31'329'281);
  EXPECT_EQ(trained_count(generator.fc), 827'392);
  EXPECT_EQ(trained_count(generator.mask_head), 461'201);
  const std::vector<int64_t> blocks{6'232'466, 6'232'466, 6'232'466, 6'232'466,
                                    3'052'178, 1'313'810, 742'977};
  ASSERT_EQ(generator.blocks.size(), blocks.size());
  for (size_t i = 0; i < blocks.size(); ++i)
    EXPECT_EQ(trained_count(generator.blocks[i]), blocks[i]) << "block " << i;
  EXPECT_EQ(trained_count(generator.rgb_norm) + trained_count(generator.rgb_conv), 1'859);
  EXPECT_EQ(generator.config.output_size(), 256);
}

TEST(ParameterCount, GeneratorForWiderText) {
  SsaGeneratorConfig config = generator_config("t2ue").as<SsaGeneratorConfig>();
  config.condition = 1024, config.width = 128;
  SsaGenerator generator(config);
  EXPECT_EQ(trained_count(generator), 105'386'241);
}

/// Weights and biases of a transformer's block: qkv and output projection, two layers of an MLP, two norms.
int64_t transformer_count(int64_t width, int64_t layers) {
  return layers * (4 * width * width + 4 * width + 8 * width * width + 5 * width + 4 * width);
}
int64_t text_count(int64_t width, int64_t embed) {
  return (49408 + 77) * width + transformer_count(width, 12) + 2 * width + width * embed;
}
int64_t vit_count(int64_t width, int64_t layers, int64_t patch, int64_t embed) {
  const int64_t tokens = (224 / patch) * (224 / patch) + 1;
  return 3 * patch * patch * width + width + tokens * width + 2 * width + transformer_count(width, layers) +
         2 * width + width * embed;
}
int64_t modified_resnet_count(const std::vector<int>& layers, int64_t embed) {
  int64_t sum = 27 * 32 + 9 * 32 * 32 + 9 * 32 * 64 + 2 * (32 + 32 + 64), in = 64;
  for (size_t stage = 0; stage < 4; ++stage) {
    const int64_t planes = int64_t{64} << stage, out = 4 * planes;
    for (int i = 0; i < layers[stage]; ++i) {
      sum += in * planes + 9 * planes * planes + planes * out + 2 * (planes + planes + out);
      if (i == 0) sum += in * out + 2 * out;
      in = out;
    }
  }
  return sum + 50 * 2048 + 3 * (2048 * 2048 + 2048) + 2048 * embed + embed;
}

// The totals as open_clip publishes them in millions (docs/model_profile.csv: 151.28, 149.62, 427.62, 102.01,
// 119.69), exactly as its layers' formulas have them.
TEST(ParameterCount, ClipIsOpenClips) {
  const std::vector<std::tuple<std::string, int64_t, int64_t>> models{
      {"ViT-B-32", 151'277'313, vit_count(768, 12, 32, 512) + text_count(512, 512)},
      {"ViT-B-16", 149'620'737, vit_count(768, 12, 16, 512) + text_count(512, 512)},
      {"ViT-L-14", 427'616'513, vit_count(1024, 24, 14, 768) + text_count(768, 768)},
      {"RN50", 102'007'137, modified_resnet_count({3, 4, 6, 3}, 1024) + text_count(512, 1024)},
      {"RN101", 119'688'033, modified_resnet_count({3, 4, 23, 3}, 512) + text_count(512, 512)}};
  for (const auto& [name, published, formula] : models) {
    EXPECT_EQ(formula + 1, published) << name;  // the temperature
    EXPECT_EQ(clip_count(name), published) << name;
    EXPECT_EQ(clip_count(name + "-quickgelu"), published) << name;
  }
}

TEST(ClipConfig, VariantsDifferInTheirNonLinearity) {
  for (const std::string& name : clip_config_names()) {
    const ClipConfig config = clip_config(name);
    const auto expected = name.ends_with("-quickgelu") ? Activation::quick_gelu : Activation::gelu;
    EXPECT_EQ(config.text.transformer.activation, expected) << name;
    if (config.vit) {
      EXPECT_EQ(config.vit->transformer.activation, expected) << name;
    }
  }
  EXPECT_EQ(clip_config("ViT-L-14").vit->transformer.heads, 16);
  EXPECT_EQ(clip_config("ViT-L-14").text.transformer.heads, 12);
  EXPECT_EQ(clip_config("RN101").modified_resnet->heads, 32);
}

TEST(ClipConfig, ReadsOpenClipsOwnFiles) {
  const nlohmann::json file = nlohmann::json::parse(
      R"({"embed_dim":512,"vision_cfg":{"image_size":224,"layers":[3,4,23,3],"width":64,"patch_size":null},
          "text_cfg":{"context_length":77,"vocab_size":49408,"width":512,"heads":8,"layers":12}})");
  EXPECT_EQ(to_json(clip_config_from_json(file, "file")), to_json(clip_config("RN101")));
}

TEST(ParameterCount, DemoModels) {
  // Text: 2048 words, positions, two blocks of 12 w^2 + 13 w, the last norm, the projection; w = 128.
  constexpr int64_t w = 128, block = 12 * w * w + 13 * w;
  constexpr int64_t text = 2048 * w + 2 * block + 2 * w + w * w, temperature = 1;
  // Image: 48 patch inputs, class token, 65 positions, norms before and after, the projection.
  constexpr int64_t vit = 48 * w + w + 65 * w + 2 * w + 4 * block + 2 * w + w * w;
  EXPECT_EQ(clip_count("emoji-vit"), text + 24 * w + vit + temperature);
  // A block: two 3x3 convolutions and two norms; the 1x1 shortcut with its norm where the width doubles.
  int64_t resnet = 27 * 24 + 2 * 24 + 2 * 9 * 24 * 24 + 4 * 24;
  for (const int64_t out : {48, 96, 192})
    resnet += 9 * (out / 2) * out + 9 * out * out + 4 * out + (out / 2) * out + 2 * out;
  resnet += 2 * 192 + 192 * 128 + 128;  // the norm of the features, the last layer
  EXPECT_EQ(clip_count("emoji-resnet"), text + 16 * w + resnet + temperature);
}

/// Of basic blocks: 3x3 convolutions, two a block, batch norms, 1x1 shortcuts where the width changes.
int64_t resnet_count(const std::vector<int64_t>& widths, const std::vector<int>& blocks, int64_t outputs) {
  int64_t sum = 27 * widths[0] + 2 * widths[0], in = widths[0];
  for (size_t stage = 0; stage < widths.size(); ++stage)
    for (int i = 0; i < blocks[stage]; ++i) {
      const int64_t out = widths[stage];
      sum += 9 * in * out + 9 * out * out + 4 * out;
      if (in != out) sum += in * out + 2 * out;
      in = out;
    }
  return sum + in * outputs + outputs;
}

TEST(ParameterCount, ClassifiersByName) {
  // For small pictures, with 10 classes. What differs from ImageNet's, whose counts torchvision publishes:
  const int64_t classes = 990, resnet_stem = (49 - 9) * 3 * 64;
  const int64_t conv3 = 64 * 64 + 128 + 64 * 192 * 9 + 384;  // googlenet's second and third convolution
  const std::map<std::string, int64_t> small{
      {"resnet8", resnet_count({16, 32, 64}, {1, 1, 1}, 10)},
      {"resnet20", resnet_count({16, 32, 64}, {3, 3, 3}, 10)},
      {"resnet18", 11'173'962},  // the CIFAR models of the field
      {"resnet34", 21'282'122},
      {"resnet50", 23'520'842},
      {"resnet101", 42'512'970},
      {"vgg11", 9'231'114},
      {"vgg13", 9'416'010},
      {"googlenet", 6'624'904 - classes * 1025 - 49 * 3 * 64 - 128 - conv3 + 27 * 192 + 384},
      {"densenet121", 7'978'856 - classes * 1025 - resnet_stem},
      {"vit-small", 48 * 384 + 384 + 384 + 65 * 384 + transformer_count(384, 12) + 768 + 3850}};
  EXPECT_EQ(small.at("resnet50"), 25'557'032 - classes * 2049 - resnet_stem);
  // https://docs.pytorch.org/vision/stable/models.html, 1000 classes
  const std::map<std::string, int64_t> imagenet{
      {"resnet18-imagenet", 11'689'512}, {"resnet34-imagenet", 21'797'672},
      {"resnet50-imagenet", 25'557'032}, {"resnet101-imagenet", 44'549'160},
      {"vgg11-imagenet", 132'863'336},   {"vgg11-bn-imagenet", 132'868'840},
      {"vgg13-imagenet", 133'047'848},   {"vgg13-bn-imagenet", 133'053'736},
      {"googlenet-imagenet", 6'624'904}, {"densenet121-imagenet", 7'978'856},
      {"vit-b-16", 86'567'656},          {"vit-b-32", 88'224'232}};
  EXPECT_EQ(classifier_config_names().size(), small.size() + imagenet.size());
  const auto expect_count = [](const std::string& name, int64_t count, int64_t outputs, int64_t size) {
    ClassifierConfig config = classifier_config(name);
    config.outputs = outputs;
    Classifier model(config);
    EXPECT_EQ(trained_count(model), count) << name;
    EXPECT_EQ(config.image_size, size) << name;
    EXPECT_EQ(to_json(classifier_config_from_json(to_json(config), name)), to_json(config)) << name;
  };
  for (const auto& [name, count] : small) expect_count(name, count, 10, 32);
  for (const auto& [name, count] : imagenet) expect_count(name, count, 1000, 224);
}

TEST(ClassifierConfig, RefusesWhatIsOutOfRange) {
  const auto error_of_json = [](const char* text) {
    return testing_errors::error_of(
        [&] { classifier_config_from_json(nlohmann::json::parse(text), "mine.json"); });
  };
  const std::vector<std::pair<const char*, std::string>> wrong{
      {R"({"widths": [8], "blocks": [1], "outputs": 3})", "'outputs'"},
      {R"({"widths": [8, 16], "blocks": [1]})", "2 widths and 1"},
      {R"({"widths": [], "blocks": []})", "0 widths"},
      {R"({"widths": [8], "blocks": [2000000000]})", "2000000000"},
      {R"({"widths": [8], "blocks": [0]})", "'blocks' has 0"},
      {R"({"widths": [-8], "blocks": [1]})", "-8"},
      {R"({"widths": [8], "blocks": [1], "image_size": 2})", "'image_size'"},
      {R"({"widths": [8], "blocks": [1], "stem_stride": 0})", "'stem_stride'"},
      {R"({"widths": [8], "blocks": [1], "stem_size": 4})", "must be odd"},
      {R"({"architecture": "alexnet"})", "resnet, vgg, googlenet, densenet, vit"},
      {R"({"architecture": "vgg", "widths": [8, 8]})", "2 widths and 5"},
      {R"({"architecture": "vgg", "convolutions": [1, 1, 2, 2, 0]})", "'convolutions' has 0"},
      {R"({"architecture": "vgg", "image_size": 16})", "leaves nothing"},
      {R"({"architecture": "vgg", "hidden": -1})", "'hidden'"},
      {R"({"architecture": "googlenet", "divide": 3})", "'divide' is 3"},
      {R"({"architecture": "googlenet", "widths": [8]})", "'widths'"},
      {R"({"architecture": "densenet", "blocks": []})", "0 stages"},
      {R"({"architecture": "densenet", "growth": 0})", "'growth'"},
      {R"({"architecture": "densenet", "stem_width": 1})", "'stem_width'"},
      {R"({"architecture": "vit", "patch_size": 5})", "cannot be cut"},
      {R"({"architecture": "vit", "heads": 5})", "not divisible by 5"},
      {R"({"blocks": [1]})", "'widths'"}};
  for (const auto& [text, reason] : wrong)
    EXPECT_NE(error_of_json(text).find(reason), std::string::npos) << text << ": " << error_of_json(text);
  EXPECT_NE(testing_errors::error_of([] { classifier_config("resnet19"); }).find("resnet18"),
            std::string::npos);
}

/// A small module of two layers.
struct Two {
  Linear first{3, 4};
  BatchNorm norm{4};
  void visit(auto&& f) { f("first", first), f("norm", norm); }
};
struct First {
  Linear first{3, 4};
  void visit(auto&& f) { f("first", first); }
};

TEST(ParameterSet, IsKnownByItsSha256) {
  Two a, b;
  ParameterSet one(a, 1), same(b, 1);
  EXPECT_EQ(one.sha256().size(), 64U);
  EXPECT_EQ(one.sha256(), same.sha256());
  a.norm.running_mean.value.assign(std::vector<float>{0, 0, 0, 1});
  EXPECT_NE(one.sha256(), same.sha256()) << "buffers are weights too";
  same.initialise(2);
  EXPECT_NE(ParameterSet(a, 1).sha256(), same.sha256());
}

TEST(ParameterSet, CopiesTheNamesThatItHas) {
  Two a;
  First b;
  const ParameterSet from(a, 1);
  ParameterSet to(b, 2);
  to.copy_from(from);
  EXPECT_EQ(b.first.weight.value.to_vector<float>(), a.first.weight.value.to_vector<float>());
  Two c;
  ParameterSet more(c, 3);
  testing_errors::expect_error([&] { more.copy_from(to); }, {"'norm.weight'", "there is none"});
  First wide;
  wide.first = Linear(3, 5);
  ParameterSet wider(wide, 1);
  testing_errors::expect_error([&] { to.copy_from(wider); }, {"'first.weight'", "5"});
}

TEST(ParameterSet, ForInferenceHasNoGradients) {
  First module;
  const ParameterSet parameters(module, 1, {}, Precision::fp32, ParameterUse::inference);
  EXPECT_FALSE(parameters.grads());
  const Tensor x = Tensor::zeros({2, 3});
  const auto record = [&](Graph& g) { module.first(g.input(x)); };
  Step frozen([&](Graph& g) {
    const NoGrad scope(g);
    record(g);
  });
  frozen.run();
  testing_errors::expect_error([&] { const Step step(record); }, {"has no gradient memory"});
}

}  // namespace
}  // namespace t2ue

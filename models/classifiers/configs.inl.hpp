#pragma once

#include <t2ue/models/classifiers/config_json.hpp>
#include <t2ue/models/classifiers/configs.hpp>

namespace t2ue {

namespace detail {

inline std::map<std::string, std::string> make_classifier_configs() {
  std::map<std::string, std::string> configs{
      {"resnet8", R"({"widths":[16,32,64],"blocks":[1,1,1]})"},
      {"resnet20", R"({"widths":[16,32,64],"blocks":[3,3,3]})"},
      {"vit-small", R"({"architecture":"vit","patch_size":4,"width":384,"layers":12,"heads":6})"}};
  const auto for_imagenet = [&](const std::string& name, const std::string& members) {
    configs[name] = R"({"image_size":224,)" + members + "}";
  };
  const auto both = [&](const std::string& name, const std::string& members, const std::string& stem) {
    configs[name] = "{" + members + "}";
    for_imagenet(name + "-imagenet", members + "," + stem);
  };
  const std::string wide_stem = R"("stem_size":7,"stem_stride":2,"stem_pool":true)",
                    widths = R"("widths":[64,128,256,512],)", bottleneck = R"(,"bottleneck":true)";
  both("resnet18", widths + R"("blocks":[2,2,2,2])", wide_stem);
  both("resnet34", widths + R"("blocks":[3,4,6,3])", wide_stem);
  both("resnet50", widths + R"("blocks":[3,4,6,3])" + bottleneck, wide_stem);
  both("resnet101", widths + R"("blocks":[3,4,23,3])" + bottleneck, wide_stem);
  both("googlenet", R"("architecture":"googlenet")", R"("imagenet_stem":true)");
  both("densenet121", R"("architecture":"densenet")", R"("imagenet_stem":true)");
  for (const auto& [name, convolutions] :
       {std::pair{"vgg11", "[1,1,2,2,2]"}, std::pair{"vgg13", "[2,2,2,2,2]"}}) {
    const std::string members = concat(R"("architecture":"vgg","convolutions":)", convolutions);
    configs[name] = "{" + members + "}";
    for_imagenet(concat(name, "-imagenet"), members + R"(,"hidden":4096,"batch_norm":false)");
    for_imagenet(concat(name, "-bn-imagenet"), members + R"(,"hidden":4096)");
  }
  for (const int patch : {16, 32})
    for_imagenet(concat("vit-b-", patch),
                 concat(R"("architecture":"vit","width":768,"layers":12,"heads":12,"patch_size":)", patch));
  return configs;
}
inline const std::map<std::string, std::string>& classifier_configs() {
  static const std::map<std::string, std::string> configs = make_classifier_configs();
  return configs;
}

// What fields of an architecture say of each other.
inline void check_together(const ResNetConfig& c, const ClassifierConfig& whole) {
  check_resnet(c, whole.name);
}
inline void check_together(const VggConfig& c, const ClassifierConfig& whole) {
  check_stages(c.widths, c.convolutions, "convolutions", whole.name);
  check(whole.image_size >> c.widths.size() >= 1, "config", whole.name, " halves pictures of ",
        whole.image_size, " pixels ", c.widths.size(), " times, which leaves nothing");
}
inline void check_together(const GoogLeNetConfig& c, const ClassifierConfig& whole) {
  check(c.divide == 1 || c.divide == 2 || c.divide == 4 || c.divide == 8, "config", "'divide' is ", c.divide,
        " in ", whole.name, "; 1, 2, 4 or 8");
}
inline void check_together(const DenseNetConfig& c, const ClassifierConfig& whole) {
  check_stage_count(c.blocks.size(), whole.name);
}
inline void check_together(const VitConfig& c, const ClassifierConfig& whole) {
  check(whole.image_size % c.patch_size == 0, "config", "'patch_size' is ", c.patch_size, " in ", whole.name,
        "; pictures of ", whole.image_size, " pixels cannot be cut so");
  check(c.width % c.heads == 0, "config", "width ", c.width, " is not divisible by ", c.heads, " heads in ",
        whole.name);
}

/// The architecture called so, as it is by default.
inline void set_architecture(ClassifierConfig& config, ClassifierArchitecture architecture) {
  switch (architecture) {
    case ClassifierArchitecture::resnet:
      config.architecture = ResNetConfig{};
      break;
    case ClassifierArchitecture::vgg:
      config.architecture = VggConfig{};
      break;
    case ClassifierArchitecture::googlenet:
      config.architecture = GoogLeNetConfig{};
      break;
    case ClassifierArchitecture::densenet:
      config.architecture = DenseNetConfig{};
      break;
    case ClassifierArchitecture::vit:
      config.architecture = VitConfig{};
  }
}

}  // namespace detail

T2UE_INLINE std::vector<std::string> classifier_config_names() {
  return detail::names_of(detail::classifier_configs());
}

T2UE_INLINE ClassifierConfig classifier_config(const std::string& name) {
  return classifier_config_from_json(detail::config_json(detail::classifier_configs(), name, "classifier"),
                                     name);
}

T2UE_INLINE ClassifierConfig classifier_config_from_json(const nlohmann::json& json,
                                                         const std::string& name) {
  ClassifierConfig config;
  config.name = name;
  auto architecture = ClassifierArchitecture::resnet;
  const std::string where = "config " + name;
  // The architecture decides which fields there are, so it is read before them.
  JsonReader members(json, where);
  if (members.has("architecture"))
    architecture = kind_named<ClassifierArchitecture>(members.get<std::string>("architecture"));
  detail::set_architecture(config, architecture);
  FieldList fields(where);
  fields("architecture", architecture, "Of the model");
  config.fields(fields);
  read_fields(fields, json);
  std::visit([&](const auto& c) { detail::check_together(c, config); }, config.architecture);
  return config;
}

T2UE_INLINE nlohmann::json to_json(const ClassifierConfig& config) {
  ClassifierConfig copy = config;
  auto architecture = static_cast<ClassifierArchitecture>(config.architecture.index());
  FieldList fields("config");
  fields("architecture", architecture, "Of the model")
      .left_out_if(architecture == ClassifierArchitecture::resnet);
  copy.fields(fields);
  return write_fields(fields);
}

}  // namespace t2ue

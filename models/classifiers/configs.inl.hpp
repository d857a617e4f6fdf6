#pragma once

#include <t2ue/models/classifiers/configs.hpp>
#include <t2ue/models/classifiers/config_json.hpp>

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

inline VggConfig vgg_from_json(JsonReader& reader, const std::string& name, int64_t image_size) {
  VggConfig c;
  c.widths = reader.get("widths", c.widths);
  c.convolutions = reader.get("convolutions", c.convolutions);
  check_stages(c.widths, c.convolutions, "convolutions", name);
  check(image_size >> c.widths.size() >= 1, "config", name, " halves pictures of ", image_size, " pixels ",
        c.widths.size(), " times, which leaves nothing");
  c.batch_norm = reader.get("batch_norm", c.batch_norm);
  c.hidden = reader.in_range<int64_t>("hidden", 0, 65536, c.hidden);
  return c;
}

inline GoogLeNetConfig googlenet_from_json(JsonReader& reader, const std::string& name) {
  GoogLeNetConfig c;
  c.imagenet_stem = reader.get("imagenet_stem", c.imagenet_stem);
  c.divide = reader.get("divide", c.divide);
  check(c.divide == 1 || c.divide == 2 || c.divide == 4 || c.divide == 8, "config", "'divide' is ", c.divide,
        " in ", name, "; 1, 2, 4 or 8");
  return c;
}

inline DenseNetConfig densenet_from_json(JsonReader& reader, const std::string& name) {
  DenseNetConfig c;
  c.growth = reader.in_range<int64_t>("growth", 1, 4096, c.growth);
  c.blocks = reader.get("blocks", c.blocks);
  check_counts(c.blocks, "layers", name);
  c.stem_width = reader.in_range<int64_t>("stem_width", 2, 65536, c.stem_width);
  c.imagenet_stem = reader.get("imagenet_stem", c.imagenet_stem);
  return c;
}

inline VitConfig vit_from_json(JsonReader& reader, const std::string& name, int64_t image_size) {
  VitConfig c;
  c.patch_size = reader.in_range<int64_t>("patch_size", 1, 1024, c.patch_size);
  check(image_size % c.patch_size == 0, "config", "'patch_size' is ", c.patch_size, " in ", name,
        "; pictures of ", image_size, " pixels cannot be cut so");
  c.width = reader.in_range<int64_t>("width", 8, 8192, c.width);
  c.layers = reader.in_range<int>("layers", 1, 128, c.layers);
  c.heads = reader.in_range<int>("heads", 1, 256, c.heads);
  check(c.width % c.heads == 0, "config", "width ", c.width, " is not divisible by ", c.heads, " heads in ",
        name);
  return c;
}

inline nlohmann::json members_of(const ResNetConfig& c) {
  return resnet_to_json(c);
}
inline nlohmann::json members_of(const VggConfig& c) {
  return {{"architecture", "vgg"},
          {"widths", c.widths},
          {"convolutions", c.convolutions},
          {"batch_norm", c.batch_norm},
          {"hidden", c.hidden}};
}
inline nlohmann::json members_of(const GoogLeNetConfig& c) {
  return {{"architecture", "googlenet"}, {"imagenet_stem", c.imagenet_stem}, {"divide", c.divide}};
}
inline nlohmann::json members_of(const DenseNetConfig& c) {
  return {{"architecture", "densenet"},
          {"growth", c.growth},
          {"blocks", c.blocks},
          {"stem_width", c.stem_width},
          {"imagenet_stem", c.imagenet_stem}};
}
inline nlohmann::json members_of(const VitConfig& c) {
  return {{"architecture", "vit"},
          {"patch_size", c.patch_size},
          {"width", c.width},
          {"layers", c.layers},
          {"heads", c.heads}};
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
  JsonReader reader(json, "config " + name);
  ClassifierConfig config;
  config.name = name;
  config.image_size = reader.in_range<int64_t>("image_size", 4, 4096, config.image_size);
  const auto architecture = reader.get<std::string>("architecture", "resnet");
  if (architecture == "resnet")
    config.architecture = detail::resnet_from_json(reader, name);
  else if (architecture == "vgg")
    config.architecture = detail::vgg_from_json(reader, name, config.image_size);
  else if (architecture == "googlenet")
    config.architecture = detail::googlenet_from_json(reader, name);
  else if (architecture == "densenet")
    config.architecture = detail::densenet_from_json(reader, name);
  else if (architecture == "vit")
    config.architecture = detail::vit_from_json(reader, name, config.image_size);
  else
    fail("config " + name, "unknown architecture '", architecture,
         "'; one of: resnet, vgg, googlenet, densenet, vit");
  reader.done();
  return config;
}

T2UE_INLINE nlohmann::json to_json(const ClassifierConfig& config) {
  nlohmann::json json = std::visit([](const auto& c) { return detail::members_of(c); }, config.architecture);
  json["image_size"] = config.image_size;
  return json;
}

}  // namespace t2ue

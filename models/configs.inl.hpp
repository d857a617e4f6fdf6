#pragma once

#include <t2ue/models/classifiers/config_json.hpp>
#include <t2ue/models/configs.hpp>

namespace t2ue {

namespace detail {

/// The text tower of open_clip's models beside its vision_cfg `vision`.
inline std::string open_clip_config(int embed_dim, const std::string& vision, bool quick_gelu,
                                    const std::string& text = R"("width":512,"heads":8)") {
  return concat(R"({"embed_dim":)", embed_dim, R"(,"quick_gelu":)", quick_gelu ? "true" : "false",
                R"(,"vision_cfg":{"image_size":224,)", vision,
                R"(},"text_cfg":{"context_length":77,"vocab_size":49408,"layers":12,)", text, "}}");
}

inline std::map<std::string, std::string> make_clip_configs() {
  std::map<std::string, std::string> configs{
      {"emoji-resnet",
       R"({"embed_dim":128,"vision_cfg":{"image_size":32,"widths":[24,48,96,192],"blocks":[1,1,1,1],
        "stem_stride":2,"feature_norm":true},
        "text_cfg":{"context_length":16,"vocab_size":2048,"width":128,"heads":4,"layers":2}})"},
      {"emoji-vit",
       R"({"embed_dim":128,"vision_cfg":{"image_size":32,"layers":4,"width":128,"head_width":32,"patch_size":4},
        "text_cfg":{"context_length":24,"vocab_size":2048,"width":128,"heads":4,"layers":2}})"},
  };
  for (const bool quick_gelu : {false, true}) {
    const auto add = [&](const std::string& name, auto&&... rest) {
      configs[name + (quick_gelu ? "-quickgelu" : "")] = open_clip_config(rest...);
    };
    add("ViT-B-32", 512, R"("layers":12,"width":768,"patch_size":32)", quick_gelu);
    add("ViT-B-16", 512, R"("layers":12,"width":768,"patch_size":16)", quick_gelu);
    add("ViT-L-14", 768, R"("layers":24,"width":1024,"patch_size":14)", quick_gelu,
        R"("width":768,"heads":12)");
    add("RN50", 1024, R"("layers":[3,4,6,3],"width":64)", quick_gelu);
    add("RN101", 512, R"("layers":[3,4,23,3],"width":64)", quick_gelu);
  }
  return configs;
}
inline const std::map<std::string, std::string>& clip_configs() {
  static const std::map<std::string, std::string> configs = make_clip_configs();
  return configs;
}

inline const std::map<std::string, std::string>& generator_configs() {
  static const std::map<std::string, std::string> configs{
      {"t2ue",
       R"({"latent":100,"condition":512,"width":64,"multipliers":[8,8,8,8,4,2,1],"hidden":256,"mask_hidden":100,
        "resampler":"bilinear"})"},
      {"emoji", R"({"latent":32,"condition":128,"width":16,"multipliers":[8],"hidden":64,"mask_hidden":16,
        "gain_start":1,"modulation_start":1,"output_start":4,"standardise":true,"resampler":"tile"})"},
  };
  return configs;
}

/// open_clip's "text_cfg".
struct OpenClipText {
  TextConfig& config;
  void fields(FieldList& f) { config.tower_fields(f); }
};

/// open_clip's "vision_cfg" of the tower that the configuration has, or that of a residual classifier.
struct OpenClipVision {
  ClipConfig& config;
  int64_t head_width = 64;  ///< which says how many heads there are

  void fields(FieldList& f) {
    f("image_size", config.image_size, in_range(4, 4096), "Side of the pictures");
    if (config.resnet) return config.resnet->fields(f);
    if (config.vit) {
      f("patch_size", config.vit->patch_size, in_range(1, 1024), "Pixels a side of a patch");
      f("width", config.vit->transformer.width, in_range(8, 8192), "Of the transformer").must_be_given();
      f("layers", config.vit->transformer.layers, in_range(0, 128), "Of the transformer");
    } else {
      f("layers", config.modified_resnet->layers, "Blocks of each stage").must_be_given();
      f("width", config.modified_resnet->width, in_range(2, 4096), "Channels of the first stage");
    }
    f("head_width", head_width, in_range(1, 1024), "Width of an attention's head");
  }
};

/// open_clip's configuration files: what there is of a ClipConfig, each thing once.
struct OpenClipConfig {
  OpenClipText text;
  OpenClipVision vision;
  bool quick_gelu = false;

  explicit OpenClipConfig(ClipConfig& config) : text{config.text}, vision{config} {
    quick_gelu = config.text.transformer.activation == Activation::quick_gelu;
    if (config.vit) vision.head_width = config.vit->transformer.width / config.vit->transformer.heads;
    if (const auto& tower = config.modified_resnet) vision.head_width = tower->width * 32 / tower->heads;
  }
  void fields(FieldList& f) {
    f("embed_dim", text.config.embed_dim, in_range(1, 65536), "Width of the features");
    f("quick_gelu", quick_gelu, "As OpenAI's weights need it");
    f("vision_cfg", vision, "The image tower").must_be_given();
    f("text_cfg", text, "The text tower").must_be_given();
  }
};

inline void check_heads(const TransformerConfig& c) {
  check(c.heads >= 1 && c.width % c.heads == 0, "config", "width ", c.width, " is not divisible by ", c.heads,
        " heads");
}

}  // namespace detail

T2UE_INLINE std::vector<std::string> clip_config_names() {
  return detail::names_of(detail::clip_configs());
}
T2UE_INLINE std::vector<std::string> generator_config_names() {
  return detail::names_of(detail::generator_configs());
}

T2UE_INLINE ClipConfig clip_config(const std::string& name) {
  return clip_config_from_json(detail::config_json(detail::clip_configs(), name, "clip"), name);
}

T2UE_INLINE ClipConfig clip_config_from_json(const nlohmann::json& json, const std::string& name) {
  ClipConfig config;
  config.name = name;
  const std::string where = "config " + name;
  nlohmann::json members = json;
  JsonReader(members, where).get<nlohmann::json>("vision_cfg");
  // Its members say which image tower it is, and so which fields there are.
  nlohmann::json& vision = members["vision_cfg"];
  const JsonReader told(vision, where + ", vision_cfg");
  if (told.has("widths")) {
    config.resnet.emplace();
  } else if (told.has("patch_size")) {
    config.vit.emplace();
  } else {
    config.modified_resnet.emplace();
    vision.erase("patch_size");  // open_clip's files of these towers say null
  }
  detail::OpenClipConfig file(config);
  read_fields(fields_of(file, where), members);

  const Activation activation = file.quick_gelu ? Activation::quick_gelu : Activation::gelu;
  config.text.transformer.activation = activation;
  detail::check_heads(config.text.transformer);
  if (config.resnet) detail::check_resnet(*config.resnet, name);
  if (config.vit) {
    config.vit->image_size = config.image_size;
    config.vit->embed_dim = config.text.embed_dim;
    config.vit->transformer.activation = activation;
    config.vit->transformer.heads = static_cast<int>(config.vit->transformer.width / file.vision.head_width);
    detail::check_heads(config.vit->transformer);
  }
  if (auto& tower = config.modified_resnet) {
    tower->image_size = config.image_size;
    tower->embed_dim = config.text.embed_dim;
    tower->heads = static_cast<int>(tower->width * 32 / file.vision.head_width);
  }
  return config;
}

T2UE_INLINE nlohmann::json to_json(const ClipConfig& config) {
  ClipConfig copy = config;
  detail::OpenClipConfig file(copy);
  return write_fields(fields_of(file, "config"));
}

namespace detail {

/// The architecture that configurations without an "architecture" have.
inline constexpr std::string_view default_architecture = "ssa";

inline FieldList generator_fields(ArchitectureConfig& architecture, std::string& name, NoiseBound& bound,
                                  const std::string& where) {
  FieldList list(where);
  list("architecture", name, "Which kind of network it is").left_out_if(name == default_architecture);
  architecture.fields(list);
  bound.fields(list);
  list.check_with([&architecture] { architecture.validate(); });
  return list;
}

}  // namespace detail

T2UE_INLINE GeneratorConfig generator_config(const std::string& name) {
  return generator_config_from_json(detail::config_json(detail::generator_configs(), name, "generator"),
                                    name);
}

T2UE_INLINE GeneratorConfig generator_config_from_json(const nlohmann::json& json, const std::string& name) {
  const std::string where = "config " + name;
  check(json.is_object(), where, "expected a JSON object, got ", json.type_name());
  std::string architecture(detail::default_architecture);
  if (json.contains("architecture")) architecture = JsonReader(json, where).get<std::string>("architecture");
  std::shared_ptr<detail::ArchitectureConfig> config = detail::default_generator(architecture);
  NoiseBound bound;
  read_fields(detail::generator_fields(*config, architecture, bound, where), json);
  return GeneratorConfig(std::move(config), bound, name);
}

T2UE_INLINE nlohmann::json to_json(const GeneratorConfig& config) {
  const std::unique_ptr<detail::ArchitectureConfig> copy = config.erased().clone();
  std::string architecture(config.architecture());
  NoiseBound bound = config.bound;
  return write_fields(detail::generator_fields(*copy, architecture, bound, "config " + config.name));
}

}  // namespace t2ue

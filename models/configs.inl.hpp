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

inline TransformerConfig transformer_from_json(JsonReader& reader, int heads, Activation activation,
                                               bool causal) {
  TransformerConfig c;
  c.width = reader.in_range<int64_t>("width", 8, 8192, 512);
  c.layers = reader.in_range<int>("layers", 0, 128, 12);
  c.heads = heads;
  c.activation = activation;
  c.causal = causal;
  check(c.heads >= 1 && c.width % c.heads == 0, "config", "width ", c.width, " is not divisible by ", c.heads,
        " heads");
  return c;
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
  JsonReader top(json, "config " + name);
  const auto embed_dim = top.in_range<int64_t>("embed_dim", 1, 65536, 512);
  const Activation activation =
      top.get<bool>("quick_gelu", false) ? Activation::quick_gelu : Activation::gelu;
  const auto vision_json = top.get<nlohmann::json>("vision_cfg"),
             text_json = top.get<nlohmann::json>("text_cfg");
  top.done();

  JsonReader text(text_json, "config " + name + ", text_cfg");
  config.text.context_length = text.in_range<int64_t>("context_length", 2, 4096, 77);
  config.text.vocab_size = text.in_range<int64_t>("vocab_size", 3, 10'000'000, 49408);
  config.text.transformer =
      detail::transformer_from_json(text, text.in_range<int>("heads", 1, 256, 8), activation, true);
  config.text.embed_dim = embed_dim;
  text.done();

  JsonReader vision(vision_json, "config " + name + ", vision_cfg");
  config.image_size = vision.in_range<int64_t>("image_size", 4, 4096, 224);
  if (vision.has("widths")) {
    config.resnet = detail::resnet_from_json(vision, name);
  } else if (vision.has("patch_size")) {
    VisionTransformerConfig tower;
    tower.image_size = config.image_size;
    tower.patch_size = vision.in_range<int64_t>("patch_size", 1, 1024, 32);
    tower.embed_dim = embed_dim;
    const int head_width = vision.in_range<int>("head_width", 1, 1024, 64);
    const auto width = vision.get<int64_t>("width");
    tower.transformer =
        detail::transformer_from_json(vision, static_cast<int>(width / head_width), activation, false);
    config.vit = tower;
  } else {
    ModifiedResNetConfig tower;
    vision.get<nlohmann::json>("patch_size", nullptr);  // open_clip's files of these towers say null
    tower.image_size = config.image_size;
    tower.layers = vision.get<std::vector<int>>("layers");
    tower.width = vision.in_range<int64_t>("width", 2, 4096, 64);
    tower.heads = static_cast<int>(tower.width * 32 / vision.in_range<int>("head_width", 1, 1024, 64));
    tower.embed_dim = embed_dim;
    config.modified_resnet = tower;
  }
  vision.done();
  return config;
}

T2UE_INLINE nlohmann::json to_json(const ClipConfig& c) {
  const auto& text = c.text.transformer;
  nlohmann::json vision{{"image_size", c.image_size}};
  if (c.vit) {
    const auto& tower = c.vit->transformer;
    vision.update({{"layers", tower.layers},
                   {"width", tower.width},
                   {"patch_size", c.vit->patch_size},
                   {"head_width", tower.width / tower.heads}});
  } else if (c.modified_resnet) {
    const auto& tower = *c.modified_resnet;
    vision.update(
        {{"layers", tower.layers}, {"width", tower.width}, {"head_width", tower.width * 32 / tower.heads}});
  } else {
    vision.update(detail::resnet_to_json(*c.resnet));
  }
  return {{"embed_dim", c.text.embed_dim},
          {"quick_gelu", text.activation == Activation::quick_gelu},
          {"vision_cfg", vision},
          {"text_cfg",
           {{"context_length", c.text.context_length},
            {"vocab_size", c.text.vocab_size},
            {"width", text.width},
            {"heads", text.heads},
            {"layers", text.layers}}}};
}

T2UE_INLINE SsaGeneratorConfig generator_config(const std::string& name) {
  return generator_config_from_json(detail::config_json(detail::generator_configs(), name, "generator"),
                                    name);
}

T2UE_INLINE SsaGeneratorConfig generator_config_from_json(const nlohmann::json& json,
                                                          const std::string& name) {
  JsonReader reader(json, "config " + name);
  SsaGeneratorConfig c;
  c.name = name;
  c.latent = reader.in_range<int64_t>("latent", 1, 65536, c.latent);
  c.condition = reader.in_range<int64_t>("condition", 1, 65536, c.condition);
  c.width = reader.in_range<int64_t>("width", 1, 4096, c.width);
  c.multipliers = reader.get<std::vector<int64_t>>("multipliers", c.multipliers);
  check(!c.multipliers.empty() && c.multipliers.size() <= 9, "config " + name, "needs 1..9 blocks, got ",
        c.multipliers.size());
  for (const int64_t m : c.multipliers)
    check(m >= 1 && m <= 64, "config " + name, "a multiplier of ", m, " is outside 1..64");
  c.hidden = reader.in_range<int64_t>("hidden", 1, 65536, c.hidden);
  c.mask_hidden = reader.in_range<int64_t>("mask_hidden", 1, 65536, c.mask_hidden);
  c.gain_start = reader.in_range<float>("gain_start", 0.0f, 100.0f, c.gain_start);
  c.modulation_start = reader.in_range<float>("modulation_start", 0.0f, 100.0f, c.modulation_start);
  c.output_start = reader.in_range<float>("output_start", 0.0f, 1000.0f, c.output_start);
  c.standardise = reader.get<bool>("standardise", c.standardise);
  c.limiter = kind_named<Limiter>(reader.get<std::string>("limiter", "tanh_scale"));
  const float steps = reader.in_range<float>("eps_steps", 0.0f, 127.0f, c.eps * 255.0f);
  c.eps = steps / 255.0f;
  c.resampler = kind_named<Resampler>(reader.get<std::string>("resampler", "bilinear"));
  check_noise_resampler("config " + name, c.resampler);
  reader.done();
  return c;
}

T2UE_INLINE nlohmann::json to_json(const SsaGeneratorConfig& c) {
  return {{"latent", c.latent},
          {"condition", c.condition},
          {"width", c.width},
          {"multipliers", c.multipliers},
          {"hidden", c.hidden},
          {"mask_hidden", c.mask_hidden},
          {"gain_start", c.gain_start},
          {"modulation_start", c.modulation_start},
          {"output_start", c.output_start},
          {"standardise", c.standardise},
          {"limiter", name_of(c.limiter)},
          {"eps_steps", c.eps * 255.0f},
          {"resampler", name_of(c.resampler)}};
}

}  // namespace t2ue

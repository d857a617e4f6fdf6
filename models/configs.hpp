// Models, by name and as JSON.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include <t2ue/core/config.hpp>
#include <t2ue/models/classifiers/configs.hpp>
#include <t2ue/models/clip/clip.hpp>
#include <t2ue/models/generators/generator.hpp>

namespace t2ue {

/// The names of built-in CLIP configurations: open_clip's ViT-B-32, ViT-B-16, ViT-L-14, RN50 and RN101, each
/// with GELU and, as OpenAI's weights need it, with QuickGELU (-quickgelu); the demo's emoji-resnet and
/// emoji-vit.
std::vector<std::string> clip_config_names();
/// A built-in configuration by name, or one read from a path that ends in .json (open_clip's layout; a small
/// residual tower has "widths" and "blocks" in vision_cfg, and what else a residual classifier may have).
/// Error for an unknown name, key or a value out of range.
ClipConfig clip_config(const std::string& name_or_path);
ClipConfig clip_config_from_json(const nlohmann::json& json, const std::string& name);
nlohmann::json to_json(const ClipConfig& config);

/// Built-in generators: t2ue (the paper's), and the demo's emoji.
std::vector<std::string> generator_config_names();
/// A built-in configuration by name, or one read from a path that ends in .json. One object holds the members
/// of the architecture and those of the NoiseBound; "architecture" names one that is registered, and is ssa
/// where it is absent. Error for an unknown name, key or a value out of range.
GeneratorConfig generator_config(const std::string& name_or_path);
GeneratorConfig generator_config_from_json(const nlohmann::json& json, const std::string& name);
nlohmann::json to_json(const GeneratorConfig& config);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/models/configs.inl.hpp>
#endif

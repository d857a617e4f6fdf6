#pragma once

#include <algorithm>
#include <array>
#include <utility>

#include <t2ue/models/weights/clip_names.hpp>

namespace t2ue {

namespace detail {

using Renaming = std::pair<std::string_view, std::string_view>;  // the beginning of a name: ours, theirs

inline constexpr std::array<Renaming, 12> hugging_face_names{{
    {"visual.transformer.resblocks.", "vision_model.encoder.layers."},
    {"visual.conv1.", "vision_model.embeddings.patch_embedding."},
    {"visual.class_embedding", "vision_model.embeddings.class_embedding"},
    {"visual.positional_embedding", "vision_model.embeddings.position_embedding.weight"},
    {"visual.ln_pre.", "vision_model.pre_layrnorm."},  // so spelt there
    {"visual.ln_post.", "vision_model.post_layernorm."},
    {"visual.proj", "visual_projection.weight"},
    {"transformer.resblocks.", "text_model.encoder.layers."},
    {"token_embedding.", "text_model.embeddings.token_embedding."},
    {"positional_embedding", "text_model.embeddings.position_embedding.weight"},
    {"ln_final.", "text_model.final_layer_norm."},
    {"text_projection", "text_projection.weight"},
}};
inline constexpr std::array<Renaming, 7> hugging_face_block_names{{
    {"ln_1.", "layer_norm1."},
    {"ln_2.", "layer_norm2."},
    {"attn.in_proj_weight", "self_attn.*_proj.weight"},
    {"attn.in_proj_bias", "self_attn.*_proj.bias"},
    {"attn.out_proj.", "self_attn.out_proj."},
    {"mlp.c_fc.", "mlp.fc1."},
    {"mlp.c_proj.", "mlp.fc2."},
}};

/// `name` with its beginning exchanged; "" if the table has none that fits.
inline std::string renamed(std::span<const Renaming> table, std::string_view name) {
  for (const auto& [ours, theirs] : table)
    if (name.starts_with(ours)) return std::string(theirs).append(name.substr(ours.size()));
  return "";
}

/// Their name, with a * where q, k and v are tensors of their own; "" if they have no such tensor.
inline std::string hugging_face_name(const std::string& name) {
  if (name == "logit_scale") return name;
  std::string outer = renamed(hugging_face_names, name);
  constexpr std::string_view layers = "encoder.layers.";
  const size_t at = outer.find(layers);
  if (at == std::string::npos) return outer;
  const size_t block = outer.find('.', at + layers.size()) + 1;
  const std::string inner = renamed(hugging_face_block_names, std::string_view(outer).substr(block));
  return inner.empty() ? "" : outer.substr(0, block) + inner;
}

inline std::string open_clip_name(const std::string& name) {
  constexpr std::string_view packed = "attnpool.qkv_proj.";
  const size_t at = name.find(packed);
  return at == std::string::npos ? name
                                 : name.substr(0, at) + "attnpool.*_proj." + name.substr(at + packed.size());
}

/// Calls f(theirs, ours) for every element: its places in their layout and in ours.
template <class F>
void for_each_place(const ForeignWeight& weight, const F& f) {
  if (weight.layout == WeightLayout::same) {
    for (size_t i = 0; i < static_cast<size_t>(weight.elements()); ++i) f(i, i);
    return;
  }
  // To transpose a matrix is to move the channels last in a single picture, its rows being the channels.
  const bool matrix = weight.layout == WeightLayout::transposed;
  const auto pictures = static_cast<size_t>(matrix ? 1 : weight.shape[0]),
             channels = static_cast<size_t>(matrix ? weight.shape[0] : weight.shape[1]),
             places = static_cast<size_t>(matrix ? weight.shape[1] : weight.shape[2] * weight.shape[3]);
  for (size_t n = 0; n < pictures; ++n)
    for (size_t p = 0; p < places; ++p)
      for (size_t c = 0; c < channels; ++c)
        f((n * channels + c) * places + p, (n * places + p) * channels + c);
}

inline void check_elements(const ForeignWeight& weight, size_t theirs, size_t ours) {
  const auto count = static_cast<size_t>(weight.elements());
  check(theirs == count && ours == count, "clip weights", "'", weight.names[0], "' has ", count,
        " elements; there are ", theirs, " of theirs and ", ours, " of ours");
}

}  // namespace detail

T2UE_INLINE std::string_view name_of(ClipNames names) {
  return names == ClipNames::open_clip ? "open_clip" : "Hugging Face";
}

T2UE_INLINE ForeignWeight foreign_weight(const std::string& name, const Shape& shape, ClipNames names) {
  const bool open_clip = names == ClipNames::open_clip;
  const std::string theirs = open_clip ? detail::open_clip_name(name) : detail::hugging_face_name(name);
  check(!theirs.empty(), "clip weights", "Hugging Face's CLIPModel has no tensor for '", name,
        "'; weights of residual towers come under open_clip's names");
  ForeignWeight weight;
  for (int i = 0; i < shape.rank(); ++i) weight.shape.push_back(shape[i]);
  if (const size_t star = theirs.find('*'); star == std::string::npos) {
    weight.names = {theirs};
  } else {
    for (const char* part : {"q", "k", "v"})
      weight.names.push_back(theirs.substr(0, star) + part + theirs.substr(star + 1));
    weight.shape[0] /= 3;
  }
  if (shape.rank() == 4) {
    weight.layout = WeightLayout::channels_first;
    weight.shape = {shape[0], shape[3], shape[1], shape[2]};
  } else if (open_clip && (name == "visual.proj" || name == "text_projection")) {
    weight.layout = WeightLayout::transposed;
    weight.shape = {shape[1], shape[0]};
  } else if (name == "logit_scale") {
    weight.shape.clear();
  }
  return weight;
}

T2UE_INLINE void from_foreign(const ForeignWeight& weight, std::span<const float> theirs,
                              std::span<float> ours) {
  detail::check_elements(weight, theirs.size(), ours.size());
  detail::for_each_place(weight, [&](size_t there, size_t here) { ours[here] = theirs[there]; });
}

T2UE_INLINE void to_foreign(const ForeignWeight& weight, std::span<const float> ours,
                            std::span<float> theirs) {
  detail::check_elements(weight, theirs.size(), ours.size());
  detail::for_each_place(weight, [&](size_t there, size_t here) { theirs[there] = ours[here]; });
}

T2UE_INLINE ClipNames detect_clip_names(const SafetensorsFile& file, const std::string& path) {
  const auto format = file.metadata().find("format");
  check(format == file.metadata().end() || format->second != "t2ue", "clip weights", path,
        " was written by t2ue itself; use it as a model file, or export it first");
  const auto has = [&](std::string_view beginning) {
    const auto found = file.tensors().lower_bound(std::string(beginning));
    return found != file.tensors().end() && found->first.starts_with(beginning);
  };
  if (has("text_model.") || has("vision_model.")) return ClipNames::hugging_face;
  if (has("visual.") || has("transformer.resblocks.")) return ClipNames::open_clip;
  fail("clip weights", path, " holds no CLIP under open_clip's or Hugging Face's names; its ",
       file.tensors().size(), " tensors begin with '",
       file.tensors().empty() ? "" : file.tensors().begin()->first, "'");
}

T2UE_INLINE bool is_bookkeeping(std::string_view name) {
  constexpr std::array<std::string_view, 6> last_parts{"num_batches_tracked", "position_ids",   "attn_mask",
                                                       "input_resolution",    "context_length", "vocab_size"};
  const std::string_view last = name.substr(name.rfind('.') + 1);
  return std::find(last_parts.begin(), last_parts.end(), last) != last_parts.end();
}

}  // namespace t2ue

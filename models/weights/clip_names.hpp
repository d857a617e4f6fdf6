// The names and layouts that open_clip and Hugging Face give the tensors of a CLIP.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <t2ue/core/config.hpp>
#include <t2ue/core/safetensors.hpp>
#include <t2ue/core/shape.hpp>

namespace t2ue {

/// Whose names a file uses: open_clip's, which are OpenAI's, or those of Hugging Face's CLIPModel.
enum class ClipNames { open_clip, hugging_face };
/// "open_clip", "Hugging Face"
std::string_view name_of(ClipNames names);

/// How a tensor lies in their files.
enum class WeightLayout {
  same,
  transposed,      ///< a matrix: [columns, rows] there, [rows, columns] here
  channels_first,  ///< a convolution: [out, in, height, width] there, [out, height, width, in] here
};

/// A parameter in their files: one tensor, or several that make it up one below the other.
struct ForeignWeight {
  std::vector<std::string> names;
  std::vector<int64_t> shape;  ///< of each of them
  WeightLayout layout = WeightLayout::same;

  int64_t elements() const {
    int64_t product = 1;
    for (const int64_t size : shape) product *= size;
    return product;
  }
};

/// The parameter `name` of a Clip, of that shape, in their files. Error if they have no such tensor: Hugging
/// Face's CLIPModel has only vision transformers.
ForeignWeight foreign_weight(const std::string& name, const Shape& shape, ClipNames names);

/// Copies one of the weight's tensors, `weight.elements()` numbers, from their layout to ours.
void from_foreign(const ForeignWeight& weight, std::span<const float> theirs, std::span<float> ours);
/// The same the other way.
void to_foreign(const ForeignWeight& weight, std::span<const float> ours, std::span<float> theirs);

/// Whose names a file's are. Error naming `path` if neither's, or if t2ue wrote it.
ClipNames detect_clip_names(const SafetensorsFile& file, const std::string& path);

/// Is it something that their files hold beside weights: counters, masks, sizes?
bool is_bookkeeping(std::string_view name);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/models/weights/clip_names.inl.hpp>
#endif

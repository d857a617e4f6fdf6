// Writes CLIP weights as open_clip and Hugging Face load them.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <t2ue/models/clip/clip.hpp>
#include <t2ue/models/weights/clip_names.hpp>

namespace t2ue {

/// A tensor of open_clip's state dict.
struct StateTensor {
  SafetensorsType dtype = SafetensorsType::F32;
  std::vector<int64_t> shape;

  bool operator==(const StateTensor&) const = default;
};

/// What open_clip's state dict of the same model holds, by name: floats, and for every batch normalisation
/// the number of batches it has seen, an I64. Error if open_clip has no such image tower ("widths").
std::map<std::string, StateTensor> open_clip_state(Clip& model);

/// Writes the weights, F32, under these names and in their shapes and layouts: for open_clip
/// (load_checkpoint, or create_model(pretrained=path)), or for Hugging Face's CLIPModel, as
/// model.safetensors. `parameters` are the model's. open_clip's counts of batches are 0, for they matter only
/// to a normalisation without momentum. Error if these names have no such image tower.
void export_clip(const std::filesystem::path& path, Clip& model, const ParameterSet& parameters,
                 ClipNames names = ClipNames::open_clip);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/models/weights/clip_export.inl.hpp>
#endif

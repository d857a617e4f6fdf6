// Weights in several safetensors files, as Hugging Face saves large models: model.safetensors.index.json says
// in which of model-00001-of-0000N.safetensors each tensor is.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include <t2ue/core/config.hpp>
#include <t2ue/core/safetensors.hpp>

namespace t2ue {

/// The file that holds each tensor, by the tensor's name: "weight_map" of an index. `name` stands for the
/// index in errors. Error unless every file is a plain name that ends in .safetensors, so that an index
/// cannot reach out of its own folder; what else an index holds ("metadata") is not read.
std::map<std::string, std::string> parse_safetensors_index(std::string_view json, std::string_view name);

/// Opens a .safetensors file, or all files of an index, a path that ends in .json, as one. Error, naming file
/// and tensor, for a file that is missing and unless each holds exactly the tensors that the index says.
SafetensorsFile open_safetensors(const std::filesystem::path& path);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/models/weights/safetensors_index.inl.hpp>
#endif

// Reads CLIP weights that others trained.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <t2ue/models/module.hpp>
#include <t2ue/models/weights/clip_names.hpp>

namespace t2ue {

/// A file compared with a model, by the file's names; all lists are sorted by them.
struct WeightReport {
  ClipNames names = ClipNames::open_clip;
  std::vector<std::string> loaded;           ///< fit, in any of F64, F32, F16 and BF16
  std::vector<std::string> resized;          ///< of `loaded`: positional embeddings for another picture size
  std::vector<std::string> missing;          ///< the model needs them
  std::vector<std::string> unexpected;       ///< the model has no place for them
  std::vector<std::string> unfit;            ///< of another shape or type: "name: what it is, what is needed"
  std::vector<std::string> ignored;          ///< no weights: is_bookkeeping
  std::map<SafetensorsType, int64_t> types;  ///< how many of `loaded` the file holds in each type

  bool fits() const { return missing.empty() && unexpected.empty() && unfit.empty(); }
  /// One line: how many of each, and the first few names of what does not fit.
  std::string text() const;
};

/// What loading `file` into the parameters of a Clip would do. `path` names it in errors.
WeightReport compare_clip_weights(const SafetensorsFile& file, const ParameterSet& parameters,
                                  const std::string& path);

/// Opens weights that others trained: a .safetensors file, or the index of several (open_safetensors). For a
/// pickled file (.pt, .bin) the Error says how to convert it.
SafetensorsFile open_clip_weights(const std::filesystem::path& path);

/// Loads weights (open_clip_weights) with open_clip's or Hugging Face's names, whichever they have, into the
/// parameters of a Clip. The file is mapped, and one tensor at a time is converted. A grid of positional
/// embeddings is resized where the model's picture size is another than the weights'. Error, before anything
/// is changed, unless every weight has its place and every place its weight. Error for a weight that is not
/// finite, after which the parameters are loaded in part.
WeightReport import_clip(const std::filesystem::path& path, ParameterSet& parameters);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/models/weights/clip_import.inl.hpp>
#endif

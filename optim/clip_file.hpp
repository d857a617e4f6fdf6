// A trained CLIP in one file: weights, configuration, vocabulary.
#pragma once

#include <filesystem>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include <t2ue/core/config.hpp>
#include <t2ue/data/text/tokenizer.hpp>
#include <t2ue/models/clip/clip.hpp>

namespace t2ue {

/// Writes a checkpoint of kind "clip": the parameters under their open_clip names; in the state the
/// configuration and its name without folder and ending, the whole vocabulary, and `training`, kept for the
/// record. Error if the vocabulary has more tokens than the text tower knows.
void save_clip(const std::filesystem::path& path, const Clip& model, const ParameterSet& parameters,
               const Tokenizer& tokenizer, const nlohmann::json& training);

/// What such a file holds, for inference (ParameterUse). The model is not moved with the handle.
struct LoadedClip {
  std::unique_ptr<Clip> model;
  std::unique_ptr<ParameterSet> parameters;
  Tokenizer tokenizer;
  std::string training;  ///< JSON text

  const ClipConfig& config() const { return model->config; }
};

/// Reads a file of save_clip. Error naming it if it is another kind of file or is damaged.
LoadedClip load_clip(const std::filesystem::path& path, Device device = {});

/// Copies the weights of a file of save_clip into a model of the same sizes, or into a part of one: only
/// `parameters`' names are read. Error naming the tensor that is missing or has another shape.
void restore_clip(const std::filesystem::path& path, ParameterSet& parameters);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/optim/clip_file.inl.hpp>
#endif

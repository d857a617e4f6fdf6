// Training a T2UE generator: the one way, for `t2ue train`, `t2ue bench`, `t2ue demo` and programs of one's
// own.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <variant>
#include <vector>

#include <t2ue/core/config.hpp>
#include <t2ue/data/records/pair_dataset.hpp>
#include <t2ue/models/configs.hpp>
#include <t2ue/training/bilevel.hpp>
#include <t2ue/training/conditioner.hpp>
#include <t2ue/training/training_run.hpp>

namespace t2ue {

/// A generator to be trained.
struct T2ueJob {
  GeneratorConfig generator;
  std::variant<ClipConfig, ClassifierConfig> surrogate;  ///< reads captions, or tells classes apart
  BiLevelPolicy policy;
  TrainRecipe recipe;           ///< of the surrogate
  const PairDataset& pictures;  ///< for a CLIP with their tokens
  Conditions conditions;    ///< of a Conditioner; where the policy warm-starts, patterns are put into them
  CaptionEncoder& encoder;  ///< made the conditions, and goes into the file
  CaptionKeywords keywords = {};  ///< likewise
  Compute compute = {};

  int frozen_epochs = 0;  ///< above 0: surrogates are trained so long on clean pictures, then frozen
  /// Puts weights into the one surrogate, a CLIP that stays as it is.
  std::function<void(ParameterSet&)> start_surrogate = {};
  /// What the text tower of that CLIP has for all captions, unit rows.
  std::vector<float> surrogate_text_features = {};
  std::string record = {};  ///< JSON for the file; policy and recipe if empty
};

/// Trains it and writes the generator file. `loop` runs each part to its end: surrogate-0 and so on where
/// there are frozen_epochs, then the generator. Error for a job that does not go together.
void train_t2ue(T2ueJob job, const std::filesystem::path& file, const TrainingLoop& loop);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/methods/t2ue_training.inl.hpp>
#endif

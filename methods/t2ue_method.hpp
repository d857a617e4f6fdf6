// T2UE as a method: its options, and a generator trained on pictures and their captions, bi-levelly or
// against a surrogate that is frozen.
#pragma once

#include <t2ue/core/config.hpp>
#include <t2ue/methods/method_entry.hpp>
#include <t2ue/models/configs.hpp>
#include <t2ue/models/generators/generator.hpp>
#include <t2ue/noise/latent_sharing.hpp>
#include <t2ue/training/bilevel.hpp>

namespace t2ue {

/// The options of the method "t2ue"; as they are they are the demo's.
struct T2ueOptions {
  LearningTask task = LearningTask::image_text;

  std::string generator_file;
  LatentSharing latent = LatentSharing::all;
  uint64_t seed = 0;

  GeneratorConfig generator = generator_config("emoji");
  ClipConfig clip;              ///< image-text: the surrogate; its text tower reads the captions
  ClassifierConfig classifier;  ///< classes: the surrogate
  BiLevelPolicy policy;
  TrainRecipe recipe;     ///< of the surrogate
  int64_t keywords = 0;   ///< image-text: groups of captions that share a noise; 0: every caption its own
  int frozen_epochs = 0;  ///< above 0: the surrogate is trained so long on clean pictures, then frozen
  TrainedOn trained_on = TrainedOn::train;

  T2ueOptions();
  void fields(FieldList& f);
  /// Error for keywords of classes, and for a generator that wants other captions than the text tower gives.
  void validate() const;
};

/// The entry of "t2ue".
MethodEntry t2ue_method();

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/methods/t2ue_method.inl.hpp>
#endif

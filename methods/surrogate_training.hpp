// Surrogate-based methods as entries: their options, and noise optimised on the pictures to be protected.
#pragma once

#include <vector>

#include <t2ue/core/config.hpp>
#include <t2ue/methods/method_entry.hpp>
#include <t2ue/methods/surrogate_methods.hpp>
#include <t2ue/models/configs.hpp>
#include <t2ue/training/noise_policy.hpp>

namespace t2ue {

/// The options of one of them.
struct SurrogateOptions {
  const SurrogateMethod* method;

  std::string noise;  ///< a file that was trained
  NoiseUnit unit;
  SurrogatePreset preset;         ///< the method's for the unit, and what is given otherwise
  ClipConfig clip;                ///< for captions: the surrogate
  ClassifierConfig classifier;    ///< for classes: the surrogate
  int64_t feature_width = 128;    ///< its outputs, where those are no classes
  bool publish_triggers = false;  ///< MEM: with its words in front of the captions, not the noise alone

  /// `method` must outlive the options, as those of surrogate_methods() do.
  explicit SurrogateOptions(const SurrogateMethod& method);
  void fields(FieldList& f);
  /// Error for a policy that says the unit, and for triggers where there are none.
  void validate() const;
};

/// The entries of surrogate_methods(), in that order.
std::vector<MethodEntry> surrogate_method_entries();

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/methods/surrogate_training.inl.hpp>
#endif

// Everything that decides how a victim or surrogate is trained.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include <t2ue/core/augment_options.hpp>
#include <t2ue/core/config.hpp>
#include <t2ue/data/image/picture_policy.hpp>
#include <t2ue/optim/optimizer.hpp>
#include <t2ue/optim/schedule.hpp>

namespace t2ue {

/// The `sound` victim recipe by default: warm-up 5 % of the steps, cosine to 0, crop and flip.
struct TrainRecipe {
  int epochs = 16;
  int64_t batch = 128;
  float rate = 1e-3f;
  float warmup_share = 0.05f;
  int64_t warmup_steps = 0;  ///< above 0: so many instead of a share; may be more than the run has
  OptimizerConfig optimizer{.decay = 0.1f};
  float min_area = 1.0f;  ///< random-resized crop; 1: off
  int shift = 4;          ///< random translation in pixels
  bool flip = true;
  float brightness = 0, contrast = 0, saturation = 0, grayscale = 0;  ///< as in AugmentOptions; 0: off
  int cutout = 0;                                                     ///< side in pixels; 0: off
  float mixup_alpha = 0;   ///< classifiers: pictures mixed by a share from Beta(alpha, alpha) a step; 0: off
  float cutmix_alpha = 0;  ///< classifiers: boxes with a part 1 - Beta(alpha, alpha) swapped; 0: off
  PolicyKind policy = PolicyKind::none;  ///< changes every picture before the crop
  /// Above 1: every picture gets that of so many draws of the policy on which the model's loss is largest.
  int policy_draws = 1;
  /// Of the weights' moving average (weight_average.hpp), below 1; 0: none is kept.
  float ema_decay = 0.0f;
  /// Adversarial training (Madry et al., 2018): every step is on the worst perturbation that
  /// `adversarial_steps` steps find within this L-infinity radius, in 1/255, after augmentation; 0: off.
  float adversarial_radius = 0;
  int adversarial_steps = 10;
  uint64_t seed = 1;

  Schedule schedule(int64_t steps) const {
    Schedule s;
    s.rate = rate;
    s.total = steps;
    s.warmup =
        warmup_steps > 0 ? warmup_steps : static_cast<int64_t>(warmup_share * static_cast<float>(steps));
    return s;
  }
  bool mixes_labels() const { return mixup_alpha > 0 || cutmix_alpha > 0; }
  AugmentOptions augmentation(const PixelNorm& norm) const {
    return {.seed = seed,
            .min_area = min_area,
            .flip = flip,
            .shift = shift,
            .brightness = brightness,
            .contrast = contrast,
            .saturation = saturation,
            .grayscale = grayscale,
            .cutout = cutout,
            .norm = norm};
  }
};

/// Error for an unknown key or a value out of range. The seed is part of the JSON, but not of a recipe's
/// hash. What came later, `warmup_steps`, `cutmix_alpha`, `policy`, `policy_draws` and adversarial training,
/// is left out of the JSON where it is off, so that the hashes of older recipes stay.
TrainRecipe train_recipe_from_json(const nlohmann::json& json, const TrainRecipe& defaults = {});
nlohmann::json to_json(const TrainRecipe& recipe);

/// The normalisation of every model here: CLIP's.
inline constexpr PixelNorm pixel_norm{{0.48145466f, 0.4578275f, 0.40821073f},
                                      {0.26862954f, 0.26130258f, 0.27577711f}};

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/optim/train_recipe.inl.hpp>
#endif

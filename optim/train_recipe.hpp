// Everything that decides how a victim or surrogate is trained.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include <t2ue/core/augment_options.hpp>
#include <t2ue/core/config.hpp>
#include <t2ue/core/fields.hpp>
#include <t2ue/data/image/picture_policy.hpp>
#include <t2ue/optim/optimizer.hpp>
#include <t2ue/optim/schedule.hpp>

namespace t2ue {

/// The `sound` victim recipe by default: warm-up 5 % of the steps, cosine to 0, crop and flip.
struct TrainRecipe {
  int epochs = 16;
  int64_t batch = 128;
  float learning_rate = 1e-3f;
  float warmup_share = 0.05f;
  int64_t warmup_steps = 0;  ///< above 0: so many instead of a share; may be more than the run has
  OptimizerConfig optimizer{.weight_decay = 0.1f};
  float min_area = 1.0f;  ///< random-resized crop; 1: off
  int translation = 4;    ///< random, in pixels
  bool flip = true;
  float brightness = 0, contrast = 0, saturation = 0, grayscale = 0;  ///< as in AugmentOptions; 0: off
  int cutout = 0;                                                     ///< side in pixels; 0: off
  float mixup_alpha = 0;   ///< classifiers: pictures mixed by a share from Beta(alpha, alpha) a step; 0: off
  float cutmix_alpha = 0;  ///< classifiers: boxes with a part 1 - Beta(alpha, alpha) swapped; 0: off
  AugmentationPolicy augmentation_policy = AugmentationPolicy::none;  ///< changes pictures before the crop
  /// Above 1: every picture gets that of so many draws of the policy on which the model's loss is largest.
  int augmentation_draws = 1;
  /// Of the weights' moving average (weight_average.hpp), below 1; 0: none is kept.
  float ema_decay = 0.0f;
  /// Adversarial training (Madry et al., 2018): every step is on the worst perturbation that
  /// `adversarial_steps` steps find within this L-infinity radius, in 1/255, after augmentation; 0: off.
  float adversarial_radius = 0;
  int adversarial_steps = 10;
  uint64_t seed = 1;

  /// What came after the first version is left out where it is off, so that hashes of recipes stay.
  void fields(FieldList& f) {
    f("epochs", epochs, in_range(1, 100'000), "Passes over the pictures");
    f("batch", batch, in_range(2, 1 << 20), "Pairs a step");
    f("learning_rate", learning_rate, in_range(0, 100), "Learning rate");
    f("warmup_share", warmup_share, in_range(0, 1), "Share of the steps in which the rate rises");
    f("warmup_steps", warmup_steps, in_range(0, int64_t{1} << 40),
      "In so many steps the rate rises, whatever the share; 0: by the share")
        .left_out_if(warmup_steps == 0);
    f("optimizer", optimizer.kind, "Update rule");
    f("beta1", optimizer.beta1, in_range(0, 1), "Of adamw and adam");
    f("beta2", optimizer.beta2, in_range(0, 1), "Of adamw and adam");
    f("momentum", optimizer.momentum, in_range(0, 1), "Of sgd");
    f("weight_decay", optimizer.weight_decay, in_range(0, 10), "Weight decay");
    f("max_norm", optimizer.max_norm, in_range(0, 1e6), "Longer gradients are scaled down to it; 0: never");
    f("min_area", min_area, in_range(0.01f, 1), "Least share of the picture in a random crop; 1: no crops");
    f("translation", translation, in_range(0, 1024), "Random translation in pixels");
    f("flip", flip, "Random mirroring");
    f("brightness", brightness, in_range(0, 10), "Colours times a random factor within 1 +- this");
    f("contrast", contrast, in_range(0, 10), "Distance from mid-grey times such a factor");
    f("saturation", saturation, in_range(0, 10), "Distance from their own grey times such a factor");
    f("grayscale", grayscale, in_range(0, 1), "Probability that a picture loses its colours");
    f("cutout", cutout, in_range(0, 1024), "Side in pixels of the square cut out of every picture");
    f("mixup_alpha", mixup_alpha, in_range(0, 100), "Classifiers: mixup's Beta(alpha, alpha); 0: off");
    f("cutmix_alpha", cutmix_alpha, in_range(0, 100), "Classifiers: CutMix's Beta(alpha, alpha); 0: off")
        .left_out_if(cutmix_alpha == 0);
    f("augmentation_policy", augmentation_policy, "Changes of every picture before the crop")
        .left_out_if(augmentation_policy == AugmentationPolicy::none);
    f("augmentation_draws", augmentation_draws, in_range(1, 64),
      "Above 1: pictures get the worst of so many draws of the augmentation policy")
        .left_out_if(augmentation_draws == 1);
    f("ema_decay", ema_decay, in_range(0, 1),
      "Of the weights' moving average, which is then what is saved and measured; below 1, 0: off");
    f("adversarial_radius", adversarial_radius, in_range(0, 100),
      "Adversarial training: L-infinity radius of the attack in steps of 1/255; 0: off")
        .left_out_if(adversarial_radius == 0);
    f("adversarial_steps", adversarial_steps, in_range(1, 1000), "Steps of that attack")
        .left_out_if(adversarial_radius == 0);
    f("seed", seed, "Of everything random");
  }
  /// Error for fields that do not go together.
  void validate() const {
    constexpr const char* where = "recipe";
    check(mixup_alpha == 0 || cutmix_alpha == 0, where,
          "'mixup_alpha' and 'cutmix_alpha' cannot both be on; set one to 0");
    const bool draws = augmentation_policy != AugmentationPolicy::none && !mixes_labels();
    check(
        augmentation_draws == 1 || draws, where, "'augmentation_draws' is ", augmentation_draws,
        "; the worst of several draws wants an augmentation_policy, and no mixup or CutMix, where a picture "
        "has no loss of its own");
    check(ema_decay < 1, where, "'ema_decay' is 1: the average would never leave the first weights");
  }

  Schedule schedule(int64_t steps) const {
    Schedule s;
    s.rate = learning_rate;
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
            .translation = translation,
            .brightness = brightness,
            .contrast = contrast,
            .saturation = saturation,
            .grayscale = grayscale,
            .cutout = cutout,
            .norm = norm};
  }
};

/// Error as from read_fields(). The seed is part of the JSON, but not of a recipe's hash, which is made from
/// with_first_names().
TrainRecipe train_recipe_from_json(const nlohmann::json& json, const TrainRecipe& defaults = {});
nlohmann::json to_json(const TrainRecipe& recipe);

/// The normalisation of every model here: CLIP's.
inline constexpr PixelNorm pixel_norm{{0.48145466f, 0.4578275f, 0.40821073f},
                                      {0.26862954f, 0.26130258f, 0.27577711f}};

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/optim/train_recipe.inl.hpp>
#endif

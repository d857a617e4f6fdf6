// What an attacker does to published pictures before or while training on them: the same set for every
// method.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <t2ue/core/config.hpp>
#include <t2ue/data/image/image.hpp>
#include <t2ue/data/records/pair_dataset.hpp>
#include <t2ue/optim/train_recipe.hpp>

namespace t2ue {

/// The names of defences, in the order of tables. "none" changes nothing and "crop-flip", "cutout", "mixup",
/// "cutmix", "gray-half", "auto-augment", "rand-augment", "trivial-augment", "ueraser", "ueraser-max" (the
/// worst of 5 draws) and "adversarial" (L-inf 4/255, as many steps as the recipe has) change the training
/// recipe; all others change the pictures once, before training:
/// - "gray": ITU-R BT.601 luma in all three channels; the victim is measured on grey pictures, too
/// - "jpeg-75", "jpeg-50", "jpeg-30", "jpeg-10": saved as JPEG of that quality (4:4:4) and read again
/// - "bits-2", "bits-3": so many bits a channel, levels spread over 0..255
/// - "blur": Gaussian, sigma 1, kernel 5
/// - "median": 3x3, each channel
/// - "resize": to half the size by area and back, bilinear
/// - "noise": uniform in +-8/255, drawn by (seed, key)
/// - "projection": without what a linear model tells classes by (orthogonal_projection.hpp)
std::vector<std::string> defence_names();

/// Two defences more that only a benchmark has. "subtract" is aimed at each method (eval/bench/adaptive.hpp);
/// under "recaption" the attacker writes captions of his own, the plan's data.recaptioned, and learns from
/// these. Neither changes the recipe or the clean pictures.
inline const std::string adaptive_defence = "subtract", recaption_defence = "recaption";
/// Whether it is one of these two.
inline bool is_bench_defence(const std::string& name) {
  return name == adaptive_defence || name == recaption_defence;
}

/// Whether a defence changes the recipe and not the pictures.
bool is_training_defence(const std::string& name);

/// One picture under a picture defence; `item` is its number for random noise. RGB only. Throws Error for an
/// unknown name, for a training defence, and for "projection", which learns from all pictures.
Image defend_picture(const Image& picture, const std::string& name, uint64_t seed, uint64_t item);

/// Every training picture of `data` under the defence; nothing for "none" and training defences. Error for
/// "projection" where a picture has no class.
void defend_pictures(PairDataset& data, const std::string& name, uint64_t seed);

/// Whether the victim sees a defence where it is measured, too: "gray" only.
bool is_defended_where_measured(const std::string& name);

/// The clean pictures that a victim is measured on, as the attacker's own pipeline hands them to his model:
/// grey under "gray", which is of no use to him otherwise, untouched under all others.
void prepare_measured(PairDataset& data, const std::string& name);

/// `recipe` under a training defence, for pictures of `size`; as it is for all others. mixup, cutmix and
/// projection need classes: throws Error for an image-text victim.
TrainRecipe defend_recipe(TrainRecipe recipe, const std::string& name, int size, bool classes);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/eval/defences.inl.hpp>
#endif

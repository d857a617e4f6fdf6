// The surrogate-based methods by name: each is a policy of NoiseTrainer and a recipe of its surrogate, with
// the constants of the authors' code. What differs from that code is said here.
//
//   em         Huang et al., ICLR 2021.  Sample-wise and class-wise. Rounds are at most 100.
//   error_max  ascent on a surrogate trained on clean pictures: EM's min-max attack, 20 steps of 0.8/255.
//   tap        Fowl et al., NeurIPS 2021.  The restart with the lowest loss of the whole set is kept.
//   rem        Fu et al., ICLR 2022.  The attack starts at zero and is not cut at [0,1].
//   tue        Ren et al., ICLR 2023.  SimCLR's rounds with MoCo's weights and temperature (1 and 1, 0.2).
//              The demo that the authors ship is objective_weight 0 and separability 0.1, linear
//              separability alone.
//   cp         He et al., ICLR 2023, SimCLR.  InfoNCE between views only; the projection is one layer.
//   uc         Zhang et al., CVPR 2023.  See NoiseTrainer: no generator. The surrogate learns by contrasts on
//              the pictures themselves, where the authors take one trained on ImageNet.
//   clip_em, clip_tap  the forms for CLIP of the multimodal repositories (Liu et al., MM 2024).
//
//   mem3, mem5 Liu et al., MM 2024.  Surrogate and noise are made with triggers in the captions, an item's
//              own. What is published is the noise, as in T2UE's Table 2, which leaves captions as they are;
//              a benchmark's option publish_triggers puts the words in front of them, too.
//
// Clean training of a surrogate takes 40 epochs (32 for CLIP) unless the policy says otherwise: the sources
// only say that it is trained.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <t2ue/core/config.hpp>
#include <t2ue/noise/method_card.hpp>
#include <t2ue/optim/train_recipe.hpp>
#include <t2ue/training/noise_policy.hpp>

namespace t2ue {

/// A method whose noise is optimised against a surrogate that is trained for every data set.
struct SurrogateMethod {
  std::string name, summary;
  bool reads_captions = false;   ///< the surrogate is a CLIP and the task image-text; otherwise classes
  std::vector<NoiseUnit> units;  ///< those that it is defined for, its default first
};

/// How one of them trains.
struct SurrogatePreset {
  NoiseTablePolicy policy;
  TrainRecipe recipe;  ///< of the surrogate; without epochs
};

/// All of them, in the order of tables.
const std::vector<SurrogateMethod>& surrogate_methods();
/// The method of that name; null if there is none.
const SurrogateMethod* find_surrogate_method(std::string_view name);
/// Error for a unit that the method is not defined for.
SurrogatePreset surrogate_preset(const SurrogateMethod& method, NoiseUnit unit);
/// The surrogate that it takes by itself: resnet18 for classes, emoji-resnet for captions.
const char* default_surrogate(const SurrogateMethod& method);
/// Error for eps_steps outside 1..127.
MethodCard surrogate_card(const SurrogateMethod& method, NoiseUnit unit, int eps_steps);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/methods/surrogate_methods.inl.hpp>
#endif

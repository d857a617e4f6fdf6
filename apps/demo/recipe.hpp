// Every number that the demo uses. The report shows their hash.
#pragma once

#include <nlohmann/json.hpp>

#include <t2ue/data/records/emoji.hpp>
#include <t2ue/models/configs.hpp>
#include <t2ue/optim/train_recipe.hpp>
#include <t2ue/training/bilevel.hpp>

namespace t2ue::apps {

struct DemoRecipe {
  uint64_t seed = 1;
  int size = 32;                    ///< pictures are size x size
  int renderings = 6;               ///< published pictures of each drawing
  float validation_share = 0.125f;  ///< of the concepts, kept for choosing the epoch
  std::vector<int> eps_steps{8, 16};
  RenderRecipe render = RenderRecipe::tinted();

  ClipConfig clip = clip_config("emoji-resnet");
  TrainRecipe clip_victim;
  ClassifierConfig classifier{"demo", 32, 8, ResNetConfig{{16, 32, 64, 128}, {1, 1, 1, 1}}};
  TrainRecipe classifier_victim;

  GeneratorConfig generator = generator_config("emoji");
  int64_t keyword_groups = 16;  ///< image-text: captions with one keyword share a noise
  BiLevelPolicy image_text_policy, class_policy;
  TrainRecipe image_text_surrogate, class_surrogate;

  DemoRecipe() {
    clip_victim.epochs = 6;
    clip_victim.learning_rate = 2e-3f;
    classifier_victim.epochs = 3;
    clip_victim.batch = classifier_victim.batch = 64;
    image_text_surrogate = clip_victim;
    class_surrogate = classifier_victim;
    // CLIP learns nothing in its first few hundred steps: its surrogate takes eight for each of the noise.
    image_text_policy.rounds = image_text_policy.restart_every = 32;
    image_text_policy.surrogate_steps = 8;
    image_text_policy.noise_learning_rate = 1e-3f;
    class_policy.rounds = 160;
    class_policy.restart_every = 80;
    class_policy.noise_learning_rate = 1e-3f;
    for (BiLevelPolicy* policy : {&image_text_policy, &class_policy}) {
      policy->noise_optimizer.beta1 = 0.5f;
      policy->noise_optimizer.beta2 = 0.99f;
      policy->warm_steps = 200;
    }
  }

  /// Shrinks every long part to a few steps.
  void make_quick() {
    renderings = 1;
    eps_steps = {8};
    clip_victim.epochs = classifier_victim.epochs = 1;
    image_text_policy.rounds = class_policy.rounds = 3;
    image_text_policy.surrogate_steps = 1;
    image_text_policy.warm_steps = class_policy.warm_steps = 2;
  }
};

/// All of it but the seed, as JSON.
nlohmann::json to_json(const DemoRecipe& recipe);

}  // namespace t2ue::apps

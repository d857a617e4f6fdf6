// Every number of the demo, in one place; their hash stands on its report.
#pragma once

#include <nlohmann/json.hpp>

#include <t2ue/data/emoji.hpp>
#include <t2ue/models/configs.hpp>
#include <t2ue/optim/bilevel.hpp>
#include <t2ue/optim/recipe.hpp>

namespace t2ue::apps {

struct DemoRecipe {
  uint64_t seed = 1;
  int size = 32;                    ///< pictures are size x size
  int renderings = 4;               ///< published pictures of each drawing
  float validation_share = 0.125f;  ///< of the concepts, kept for choosing the epoch
  std::vector<int> eps_steps{8, 16};
  RenderRecipe render;

  ClipConfig clip = clip_config("emoji-resnet");
  TrainRecipe clip_victim;
  ResNetConfig classifier{{16, 32, 64, 128}, {1, 1, 1, 1}, 8};
  TrainRecipe classifier_victim;

  SsaGeneratorConfig generator = generator_config("emoji");
  int64_t caption_clusters = 16;  ///< image-text: captions in one cluster share a noise
  BiLevelPolicy image_text_policy, class_policy;
  TrainRecipe image_text_surrogate, class_surrogate;

  DemoRecipe() {
    render.scale_low = 0.6f;
    render.opacity_low = 0.3f;
    render.opacity_high = 0.6f;
    render.noise = 0.2f;
    render.saturation = 0.0f;
    render.tint_low = 0.3f;
    render.contrast_low = 0.4f;
    render.contrast_high = 0.8f;
    render.brightness = 0.15f;
    clip_victim.epochs = 6;
    classifier_victim.epochs = 6;
    image_text_surrogate = clip_victim;
    class_surrogate = classifier_victim;
    for (BiLevelPolicy* policy : {&image_text_policy, &class_policy}) {
      policy->rounds = 180;
      policy->restart_every = 90;
      policy->noise_rate = 3e-3f;
    }
  }
};

/// All of it but the seed, as JSON.
nlohmann::json to_json(const DemoRecipe& recipe);

}  // namespace t2ue::apps

#pragma once

#include <t2ue/core/json_reader.hpp>
#include <t2ue/optim/train_recipe.hpp>

namespace t2ue {

T2UE_INLINE TrainRecipe train_recipe_from_json(const nlohmann::json& json, const TrainRecipe& defaults) {
  JsonReader reader(json, "recipe");
  TrainRecipe r = defaults;
  r.epochs = reader.in_range<int>("epochs", 1, 100'000, r.epochs);
  r.batch = reader.in_range<int64_t>("batch", 2, 1 << 20, r.batch);
  r.rate = reader.in_range<float>("rate", 0.0f, 100.0f, r.rate);
  r.warmup_share = reader.in_range<float>("warmup_share", 0.0f, 1.0f, r.warmup_share);
  r.warmup_steps = reader.in_range<int64_t>("warmup_steps", 0, int64_t{1} << 40, r.warmup_steps);
  const std::string kinds[] = {"adamw", "adam", "sgd"};
  const auto kind = reader.get<std::string>("optimizer", kinds[static_cast<size_t>(r.optimizer.kind)]);
  const auto found = std::find(std::begin(kinds), std::end(kinds), kind);
  check(found != std::end(kinds), "recipe", "unknown optimizer '", kind, "'; one of adamw, adam, sgd");
  r.optimizer.kind = static_cast<OptimizerConfig::Kind>(found - std::begin(kinds));
  r.optimizer.beta1 = reader.in_range<float>("beta1", 0.0f, 1.0f, r.optimizer.beta1);
  r.optimizer.beta2 = reader.in_range<float>("beta2", 0.0f, 1.0f, r.optimizer.beta2);
  r.optimizer.momentum = reader.in_range<float>("momentum", 0.0f, 1.0f, r.optimizer.momentum);
  r.optimizer.decay = reader.in_range<float>("decay", 0.0f, 10.0f, r.optimizer.decay);
  r.optimizer.max_norm = reader.in_range<float>("max_norm", 0.0f, 1e6f, r.optimizer.max_norm);
  r.min_area = reader.in_range<float>("min_area", 0.01f, 1.0f, r.min_area);
  r.shift = reader.in_range<int>("shift", 0, 1024, r.shift);
  r.flip = reader.get<bool>("flip", r.flip);
  r.brightness = reader.in_range<float>("brightness", 0.0f, 10.0f, r.brightness);
  r.contrast = reader.in_range<float>("contrast", 0.0f, 10.0f, r.contrast);
  r.saturation = reader.in_range<float>("saturation", 0.0f, 10.0f, r.saturation);
  r.grayscale = reader.in_range<float>("grayscale", 0.0f, 1.0f, r.grayscale);
  r.cutout = reader.in_range<int>("cutout", 0, 1024, r.cutout);
  r.mixup_alpha = reader.in_range<float>("mixup_alpha", 0.0f, 100.0f, r.mixup_alpha);
  r.cutmix_alpha = reader.in_range<float>("cutmix_alpha", 0.0f, 100.0f, r.cutmix_alpha);
  check(r.mixup_alpha == 0.0f || r.cutmix_alpha == 0.0f, "recipe",
        "'mixup_alpha' and 'cutmix_alpha' cannot both be on; set one to 0");
  r.policy = policy_from_name(reader.get<std::string>("policy", name_of(r.policy)));
  r.policy_draws = reader.in_range<int>("policy_draws", 1, 64, r.policy_draws);
  check(r.policy_draws == 1 || (r.policy != PolicyKind::none && !r.mixes_labels()), "recipe",
        "'policy_draws' is ", r.policy_draws,
        "; the worst of several draws wants a policy, and no mixup or "
        "CutMix, where a picture has no loss of its own");
  r.ema_decay = reader.in_range<float>("ema_decay", 0.0f, 1.0f, r.ema_decay);
  check(r.ema_decay < 1.0f, "recipe", "'ema_decay' is 1: the average would never leave the first weights");
  r.adversarial_radius = reader.in_range<float>("adversarial_radius", 0.0f, 100.0f, r.adversarial_radius);
  r.adversarial_steps = reader.in_range<int>("adversarial_steps", 1, 1000, r.adversarial_steps);
  r.seed = reader.get<uint64_t>("seed", r.seed);
  reader.done();
  return r;
}

T2UE_INLINE nlohmann::json to_json(const TrainRecipe& r) {
  const char* kinds[] = {"adamw", "adam", "sgd"};
  nlohmann::json json{{"epochs", r.epochs},
                      {"batch", r.batch},
                      {"rate", r.rate},
                      {"warmup_share", r.warmup_share},
                      {"optimizer", kinds[static_cast<size_t>(r.optimizer.kind)]},
                      {"beta1", r.optimizer.beta1},
                      {"beta2", r.optimizer.beta2},
                      {"momentum", r.optimizer.momentum},
                      {"decay", r.optimizer.decay},
                      {"max_norm", r.optimizer.max_norm},
                      {"min_area", r.min_area},
                      {"shift", r.shift},
                      {"flip", r.flip},
                      {"brightness", r.brightness},
                      {"contrast", r.contrast},
                      {"saturation", r.saturation},
                      {"grayscale", r.grayscale},
                      {"cutout", r.cutout},
                      {"mixup_alpha", r.mixup_alpha},
                      {"ema_decay", r.ema_decay},
                      {"seed", r.seed}};
  if (r.warmup_steps > 0) json["warmup_steps"] = r.warmup_steps;
  if (r.cutmix_alpha > 0) json["cutmix_alpha"] = r.cutmix_alpha;
  if (r.policy != PolicyKind::none) json["policy"] = name_of(r.policy);
  if (r.policy_draws > 1) json["policy_draws"] = r.policy_draws;
  if (r.adversarial_radius > 0) {
    json["adversarial_radius"] = r.adversarial_radius;
    json["adversarial_steps"] = r.adversarial_steps;
  }
  return json;
}

}  // namespace t2ue

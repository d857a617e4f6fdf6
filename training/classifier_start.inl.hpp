#pragma once

#include <nlohmann/json.hpp>

#include <t2ue/models/configs.hpp>
#include <t2ue/training/classifier_start.hpp>

namespace t2ue {

namespace detail {
/// What two configurations must have in common for one's weights to fit the other but for the last layer.
inline nlohmann::json body_json(const ClassifierConfig& config) {
  nlohmann::json json = to_json(config);
  if (!config.has_fixed_size()) json.erase("image_size");
  return json;
}
}  // namespace detail

T2UE_INLINE void check_start(const ClassifierStart& start) {
  check(start.mode == StartMode::scratch || !start.file.empty(), "start", "mode '", name_of(start.mode),
        "' starts from a classifier file, and none is named");
  check(start.mode != StartMode::scratch || start.file.empty(), "start",
        "mode 'scratch' starts from no file, ", start.file, " is named; use finetune or probe");
}

T2UE_INLINE LoadedClassifier load_start(const std::filesystem::path& file, const ClassifierConfig& config,
                                        Device device) {
  LoadedClassifier loaded = load_classifier(file, device);
  const nlohmann::json theirs = detail::body_json(loaded.config), ours = detail::body_json(config);
  check(theirs == ours, "start", file, " holds the classifier ", theirs.dump(), ", wanted is ", ours.dump());
  return loaded;
}

T2UE_INLINE std::unique_ptr<ClassifierTrainer> classifier_trainer(const ClassifierConfig& config,
                                                                  const ClassifierStart& start,
                                                                  const TrainRecipe& recipe,
                                                                  const PairDataset& data,
                                                                  const Compute& compute) {
  check_start(start);
  const auto make = [&](const auto& model) {
    return std::make_unique<ClassifierTrainer>(model, recipe, data, compute);
  };
  if (start.mode == StartMode::scratch) return make(config);
  const LoadedClassifier loaded = load_start(start.file, config, compute.device);
  const bool probe = start.mode == StartMode::probe;
  auto trainer = probe ? make(ClassifierProbe{config}) : make(config);
  std::set<const Parameter*> fresh;
  Linear& head = trainer->model().head();
  if (probe || loaded.label_names != data.label_names) fresh = {&head.weight, &head.bias};
  trainer->parameters().copy_from(*loaded.parameters, fresh);
  return trainer;
}

}  // namespace t2ue

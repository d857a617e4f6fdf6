// The two parts of the demo's table: image-text, and supervised class-wise.
#include <t2ue/core/folders.hpp>
#include <t2ue/methods/class_prompt.hpp>
#include <t2ue/methods/textures.hpp>

#include "demo.hpp"

namespace t2ue::apps {

namespace {
/// Rows of one part share everything but method, eps and seed.
std::string part_recipe(const DemoRecipe& recipe, const nlohmann::json& victim, Precision precision) {
  nlohmann::json json = to_json(recipe);
  json["victim"] = with_first_names(victim, "recipe");
  json["precision"] = name_of(precision);
  return recipe_hash(json);
}

nlohmann::json without_seed(const TrainRecipe& recipe) {
  nlohmann::json json = to_json(recipe);
  json.erase("seed");
  return json;
}

/// Trains a generator bi-levelly and writes its file.
template <class Model, class Config>
double train_generator(const DemoRecipe& recipe, const Config& surrogate, const BiLevelPolicy& policy,
                       const TrainRecipe& training, const PairDataset& data, const Conditions& conditions,
                       CaptionEncoder& encoder, const CaptionKeywords& keywords, int eps_steps,
                       const std::filesystem::path& file, const Compute& compute, ProgressBar& progress) {
  const auto started = std::chrono::steady_clock::now();
  SsaGeneratorConfig config = recipe.generator;
  config.eps = static_cast<float>(eps_steps) / 255.0f;
  BiLevelTrainer<Model> trainer(config, surrogate, policy, training, data, conditions, compute);
  while (!trainer.done()) {
    trainer.round();
    progress.update(trainer.rounds(), 0);
  }
  progress.finish();
  save_generator(file, config, trainer.generator_parameters(), encoder, trainer.latent_seed(), keywords,
                 nlohmann::json{{"policy", to_json(policy)}, {"recipe", to_json(training)}}.dump());
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
}
}  // namespace

void Demo::image_text() {
  DemoPart& part = image_text_;
  part.title = "image-text";
  part.headline_axis = "Hit@10, mean of both ways (%)";
  part.metrics = retrieval_metrics(test_.count());
  part.recipe = part_recipe(recipe_, without_seed(recipe_.clip_victim), options_.compute.precision);
  part.split = split_hash(test_.keys);
  make_folder(options_.out / "models");

  const auto run = [&](const PairDataset& data, const std::string& what) {
    const int64_t steps = data.count() / recipe_.clip_victim.batch * recipe_.clip_victim.epochs;
    return run_clip_victim(recipe_.clip, recipe_.clip_victim, data, task(bar(what, steps, "steps")));
  };
  DemoRow clean;
  clean.name = "clean";
  clean.victim = run(train_, "victim clean");
  part.rows.push_back(std::move(clean));

  // Captions with one keyword share a noise, made from that word. It is embedded by a text tower with random
  // weights: that knows words apart, and nobody's pictures.
  encoder_ = std::make_unique<CaptionEncoder>(recipe_.clip.text, *tokenizer_, options_.compute.device);
  encoder_->parameters().initialise(recipe_.seed + 2000);
  const CaptionKeywords keywords = CaptionKeywords::learn(train_.captions, recipe_.keyword_groups);
  Conditions conditions;
  conditions.width = recipe_.generator.condition;
  conditions.table = encoder_->encode(keywords.prompts());
  conditions.start = texture_starts(keywords.groups(), recipe_.generator.output_size());
  std::vector<NoiseItem> items;
  for (int64_t i = 0; i < train_.count(); ++i) {
    const std::string& caption = train_.captions[static_cast<size_t>(train_.caption_row(i, 0))];
    items.push_back({train_.keys[static_cast<size_t>(i)], caption, {}, nullptr});
    conditions.row_of_item.push_back(keywords.group_of(caption));
  }
  for (const int eps : recipe_.eps_steps) {
    const auto file = options_.out / "models" / concat("image-text-eps", eps, ".safetensors");
    const auto progress = bar(concat("generator eps ", eps), recipe_.image_text_policy.rounds, "rounds");
    part.generator_seconds += train_generator<Clip>(
        recipe_, recipe_.clip, recipe_.image_text_policy, recipe_.image_text_surrogate, train_, conditions,
        *encoder_, keywords, eps, file, options_.compute, *progress);
    add_rows(part, eps, std::make_shared<T2ueSource>(file, Compute{options_.compute.device}), items, run);
  }
}

void Demo::class_wise() {
  DemoPart& part = class_wise_;
  part.title = "class-wise";
  part.headline_axis = "top-1 accuracy (%)";
  const auto classes = static_cast<int64_t>(train_.label_names.size());
  part.metrics = classification_metrics(classes);
  part.recipe = part_recipe(recipe_, without_seed(recipe_.classifier_victim), options_.compute.precision);
  part.split = split_hash(test_.keys);
  ClassifierConfig classifier = recipe_.classifier;
  classifier.outputs = classes;

  const auto run = [&](const PairDataset& data, const std::string& what) {
    const int64_t steps = data.count() / recipe_.classifier_victim.batch * recipe_.classifier_victim.epochs;
    return run_classifier_victim(classifier, recipe_.classifier_victim, data,
                                 task(bar(what, steps, "steps")));
  };
  DemoRow clean;
  clean.name = "clean";
  clean.victim = run(train_, "classifier clean");
  part.rows.push_back(std::move(clean));

  Conditions conditions;
  conditions.width = recipe_.generator.condition;
  conditions.row_of_item = train_.labels;
  std::vector<std::string> prompts;
  for (const std::string& name : train_.label_names) prompts.push_back(class_prompt(name));
  conditions.table = encoder_->encode(prompts);
  conditions.start = texture_starts(classes, recipe_.generator.output_size());
  std::vector<NoiseItem> items;
  for (size_t i = 0; i < train_.keys.size(); ++i)
    items.push_back(
        {train_.keys[i], prompts[static_cast<size_t>(train_.labels[i])], train_.labels[i], nullptr});
  for (const int eps : recipe_.eps_steps) {
    const auto file = options_.out / "models" / concat("class-wise-eps", eps, ".safetensors");
    const auto progress = bar(concat("class generator eps ", eps), recipe_.class_policy.rounds, "rounds");
    part.generator_seconds += train_generator<Classifier>(
        recipe_, classifier, recipe_.class_policy, recipe_.class_surrogate, train_, conditions, *encoder_,
        CaptionKeywords{}, eps, file, options_.compute, *progress);
    add_rows(part, eps, std::make_shared<T2ueSource>(file, Compute{options_.compute.device}), items, run);
  }
}

}  // namespace t2ue::apps

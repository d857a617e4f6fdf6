// The two parts of the demo's table: image-text, and supervised class-wise.
#include <t2ue/core/folders.hpp>
#include <t2ue/methods/t2ue_training.hpp>
#include <t2ue/training/conditioner.hpp>

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

/// Trains the job's generator for a budget; returns the seconds that it took.
double train_generator(T2ueJob job, int eps_steps, const std::filesystem::path& file, ProgressBar& progress) {
  const auto started = std::chrono::steady_clock::now();
  job.generator.bound.eps = static_cast<float>(eps_steps) / 255.0f;
  train_t2ue(std::move(job), file, [&](TrainingRun& run) {
    while (!run.done()) {
      run.advance();
      progress.update(run.units(), 0);
    }
  });
  progress.finish();
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
  add_clean_row(part, run);

  // Captions with one keyword share a noise, made from that word. It is embedded by a text tower with random
  // weights: that knows words apart, and nobody's pictures.
  encoder_ = std::make_unique<CaptionEncoder>(recipe_.clip.text, *tokenizer_, options_.compute.device);
  encoder_->parameters().initialise(recipe_.seed + 2000);
  const CaptionKeywords keywords = CaptionKeywords::learn(train_.captions, recipe_.keyword_groups);
  std::vector<NoiseItem> items;
  std::vector<std::string> captions;
  for (int64_t i = 0; i < train_.count(); ++i) {
    captions.push_back(train_.captions[static_cast<size_t>(train_.caption_row(i, 0))]);
    items.push_back({train_.keys[static_cast<size_t>(i)], captions.back(), {}, nullptr});
  }
  const T2ueJob job{.generator = recipe_.generator,
                    .surrogate = recipe_.clip,
                    .policy = recipe_.image_text_policy,
                    .recipe = recipe_.image_text_surrogate,
                    .pictures = train_,
                    .conditions = Conditioner(*encoder_, keywords).of_texts(captions),
                    .encoder = *encoder_,
                    .keywords = keywords,
                    .compute = options_.compute};
  for (const int eps : recipe_.eps_steps) {
    const auto file = options_.out / "models" / concat("image-text-eps", eps, ".safetensors");
    lines_.start(concat(part.title, ", generator eps ", eps), "train it against a surrogate");
    const auto progress = bar(concat("generator eps ", eps), recipe_.image_text_policy.rounds, "rounds");
    part.generator_seconds += train_generator(job, eps, file, *progress);
    lines_.end(concat(recipe_.image_text_policy.rounds, " rounds"));
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
  add_clean_row(part, run);

  const T2ueJob job{.generator = recipe_.generator,
                    .surrogate = classifier,
                    .policy = recipe_.class_policy,
                    .recipe = recipe_.class_surrogate,
                    .pictures = train_,
                    .conditions = Conditioner(*encoder_).of_classes(train_),
                    .encoder = *encoder_,
                    .compute = options_.compute};
  std::vector<NoiseItem> items;
  for (size_t i = 0; i < train_.keys.size(); ++i)
    items.push_back({train_.keys[i], class_prompt(train_.label_names[static_cast<size_t>(train_.labels[i])]),
                     train_.labels[i], nullptr});
  for (const int eps : recipe_.eps_steps) {
    const auto file = options_.out / "models" / concat("class-wise-eps", eps, ".safetensors");
    lines_.start(concat(part.title, ", generator eps ", eps), "train it against a surrogate");
    const auto progress = bar(concat("class generator eps ", eps), recipe_.class_policy.rounds, "rounds");
    part.generator_seconds += train_generator(job, eps, file, *progress);
    lines_.end(concat(recipe_.class_policy.rounds, " rounds"));
    add_rows(part, eps, std::make_shared<T2ueSource>(file, Compute{options_.compute.device}), items, run);
  }
}

}  // namespace t2ue::apps

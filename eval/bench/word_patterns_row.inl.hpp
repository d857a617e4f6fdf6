#pragma once

#include <t2ue/core/json_reader.hpp>
#include <t2ue/eval/bench/trained_file.hpp>
#include <t2ue/eval/bench/training_part.hpp>
#include <t2ue/eval/bench/word_patterns_row.hpp>
#include <t2ue/methods/word_patterns_training.hpp>
#include <t2ue/models/configs.hpp>
#include <t2ue/report/results_table.hpp>

namespace t2ue {

namespace detail {

/// Returns the seconds that earlier runs spent.
inline double train_word_patterns(const WordPatternsRowOptions& options, const RowContext& context,
                                  const std::filesystem::path& file) {
  const TrainingPart part = training_part(context, options.apart, options.clip);
  WordPatternsFile made;
  made.eps_steps = context.eps_steps > 0 ? context.eps_steps : 8;
  made.size = options.size;
  made.keywords = CaptionKeywords::learn(part.pictures.captions, options.words + 1);
  TrainRecipe recipe = options.recipe;
  recipe.seed = context.seed + 1000;  // surrogates start from other weights than victims do
  const auto trainer = word_patterns_trainer(made, options.coarseness, options.clip, options.policy, recipe,
                                             part.pictures, part.noise_texts, context.compute);
  const double earlier = train_on(*trainer, checkpoint_of(file, "patterns"), false, context, [&] {
    trainer->round();
    if (context.progress) context.progress("patterns", trainer->rounds(), trainer->total_rounds());
  });
  made.patterns = trained_patterns(*trainer);
  made.training = nlohmann::json{{"policy", to_json(options.policy)}, {"recipe", to_json(recipe)}}.dump();
  write_word_patterns(file, made);
  return earlier;
}

}  // namespace detail

T2UE_INLINE WordPatternsRowOptions word_patterns_row_options(const nlohmann::json& json, BenchTask task) {
  const char* where = "options of word_patterns";
  check(task == BenchTask::image_text, "word_patterns", "is a method for captions, and the task is classes");
  WordPatternsRowOptions options;
  options.clip = clip_config("emoji-resnet");
  options.recipe = word_patterns_recipe();
  options.policy = word_patterns_policy();
  JsonReader reader(json, where);
  options.words = reader.in_range("words", int64_t{1}, int64_t{65536}, int64_t{32});
  options.size = reader.in_range("size", int64_t{4}, int64_t{1024}, int64_t{8});
  options.coarseness = reader.in_range("coarseness", int64_t{1}, options.size, int64_t{1});
  detail::model_option(reader, "surrogate", options.clip, clip_config, clip_config_from_json);
  const nlohmann::json none = nlohmann::json::object();
  options.policy = bilevel_policy_from_json(reader.get<nlohmann::json>("policy", none), options.policy);
  options.recipe = train_recipe_from_json(reader.get<nlohmann::json>("recipe", none), options.recipe);
  options.apart = detail::trained_apart(reader, where);
  reader.done();
  check_word_patterns_policy(options.policy);
  return options;
}

T2UE_INLINE BuiltRow build_word_patterns_row(const nlohmann::json& json, const RowContext& context) {
  const WordPatternsRowOptions options = word_patterns_row_options(json, context.plan.task);
  const std::string name =
      "word_patterns-" + short_key({{"words", options.words},
                                    {"size", options.size},
                                    {"coarseness", options.coarseness},
                                    {"surrogate", to_json(options.clip)},
                                    {"policy", to_json(options.policy)},
                                    {"recipe", to_json(options.recipe)},
                                    {"eps", context.eps_steps},
                                    {"seed", context.seed},
                                    {"train", detail::training_hash(context.data, options.apart)},
                                    {"precision", name_of(context.compute.precision)}});
  const TrainedFile trained = trained_once(context.store, name, [&](const std::filesystem::path& file) {
    return detail::train_word_patterns(options, context, file);
  });
  return {{std::make_shared<WordPatterns>(trained.path), nullptr}, trained.seconds};
}

}  // namespace t2ue

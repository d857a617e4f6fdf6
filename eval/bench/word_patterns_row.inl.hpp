#pragma once

#include <t2ue/core/json_reader.hpp>
#include <t2ue/eval/bench/trained_file.hpp>
#include <t2ue/eval/bench/training_part.hpp>
#include <t2ue/eval/bench/word_patterns_row.hpp>
#include <t2ue/eval/recipe.hpp>
#include <t2ue/methods/word_patterns.hpp>
#include <t2ue/models/configs.hpp>
#include <t2ue/models/generators/pattern_dictionary.hpp>

namespace t2ue {

namespace detail {

/// Returns the seconds that earlier runs spent.
inline double train_word_patterns(const WordPatternsRowOptions& options, const RowContext& context,
                                  const std::filesystem::path& file) {
  const TrainingPart part = training_part(context.data, options.apart, options.clip);
  WordPatternsFile made;
  made.eps_steps = context.eps_steps > 0 ? context.eps_steps : 8;
  made.size = options.size;
  made.keywords = CaptionKeywords::learn(part.pictures.captions, options.words + 1);
  Conditions conditions;
  conditions.width = word_weight_count(made.keywords);
  for (const std::string& text : part.noise_texts) {
    const std::vector<float> weights = word_weights(made.keywords, text);
    conditions.row_of_item.push_back(static_cast<int32_t>(conditions.row_of_item.size()));
    conditions.table.insert(conditions.table.end(), weights.begin(), weights.end());
  }
  PatternDictionaryConfig dictionary;
  dictionary.condition = conditions.width;
  dictionary.size = options.size;
  dictionary.eps = static_cast<float>(made.eps_steps) / 255.0f;
  TrainRecipe recipe = options.recipe;
  recipe.seed = context.seed + 1000;  // surrogates start from other weights than victims do
  BiLevelTrainer<Clip, PatternDictionary> trainer(dictionary, options.clip, options.policy, recipe,
                                                  part.pictures, std::move(conditions), context.device,
                                                  Execution::planned, context.precision);
  trainer.generator().patterns.value.assign(word_pattern_start(made.keywords, made.size));
  trainer.generator_parameters().refresh_shadows();
  const double earlier = train_on(trainer, checkpoint_of(file, "patterns"), false, context, [&] {
    trainer.round();
    if (context.progress) context.progress("patterns", trainer.rounds(), trainer.total_rounds());
  });
  made.patterns = trainer.generator().patterns.value.template to_vector<float>();
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
  options.recipe.batch = 64;
  BiLevelPolicy& policy = options.policy;
  policy.rounds = 160, policy.restart_every = 80, policy.surrogate_steps = 20;
  policy.noise_rate = 1e-2f;
  policy.noise_optimizer.beta1 = 0.5f, policy.noise_optimizer.beta2 = 0.99f;
  policy.warm_share = 0.5f, policy.final_share = 0.95f;
  JsonReader reader(json, where);
  options.words = reader.in_range("words", int64_t{1}, int64_t{65536}, int64_t{32});
  options.size = reader.in_range("size", int64_t{4}, int64_t{1024}, int64_t{8});
  detail::model_option(reader, "surrogate", options.clip, clip_config, clip_config_from_json);
  const nlohmann::json none = nlohmann::json::object();
  policy = bilevel_policy_from_json(reader.get<nlohmann::json>("policy", none), policy);
  options.recipe = train_recipe_from_json(reader.get<nlohmann::json>("recipe", none), options.recipe);
  options.apart = detail::trained_apart(reader, where);
  reader.done();
  check(options.policy.warm_steps == 0, where,
        "patterns start from textures as they are; warm_steps must be 0, is ", options.policy.warm_steps);
  check(options.policy.surrogate_steps > 0, where,
        "trains its surrogates with the patterns; surrogate_steps must be positive");
  return options;
}

T2UE_INLINE BuiltRow build_word_patterns_row(const nlohmann::json& json, const RowContext& context) {
  const WordPatternsRowOptions options = word_patterns_row_options(json, context.plan.task);
  const std::string name =
      "word_patterns-" + short_key({{"words", options.words},
                                    {"size", options.size},
                                    {"surrogate", to_json(options.clip)},
                                    {"policy", to_json(options.policy)},
                                    {"recipe", to_json(options.recipe)},
                                    {"eps", context.eps_steps},
                                    {"seed", context.seed},
                                    {"train", detail::training_hash(context.data, options.apart)},
                                    {"precision", name_of(context.precision)}});
  const TrainedFile trained = trained_once(context.store, name, [&](const std::filesystem::path& file) {
    return detail::train_word_patterns(options, context, file);
  });
  return {{std::make_shared<WordPatterns>(trained.path), nullptr}, trained.seconds};
}

}  // namespace t2ue

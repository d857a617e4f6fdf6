#pragma once

#include <t2ue/core/canonical_json.hpp>
#include <t2ue/methods/option_fields.hpp>
#include <t2ue/methods/trained_file.hpp>
#include <t2ue/methods/training_part.hpp>
#include <t2ue/methods/word_patterns.hpp>
#include <t2ue/methods/word_patterns_method.hpp>
#include <t2ue/methods/word_patterns_training.hpp>

namespace t2ue {

namespace detail {

/// Trains patterns for the context. Returns the seconds that earlier runs spent.
inline double train_word_patterns_file(const WordPatternsOptions& options, const TrainContext& context,
                                       const std::filesystem::path& file) {
  const TrainingPart part = training_part(context, options.trained_on, options.clip);
  WordPatternsFile made;
  made.eps_steps = context.eps_steps > 0 ? context.eps_steps : 8;
  made.size = options.size;
  made.keywords = CaptionKeywords::learn(part.pictures.captions, options.words + 1);
  TrainRecipe recipe = options.recipe;
  recipe.seed = context.seed + 1000;  // surrogates start from other weights than victims do
  double earlier = 0;
  train_word_patterns({.file = made,
                       .coarseness = options.coarseness,
                       .surrogate = options.clip,
                       .policy = options.policy,
                       .recipe = recipe,
                       .pictures = part.pictures,
                       .texts = part.noise_texts,
                       .compute = context.compute},
                      file, checkpointed_loop(file, context, earlier));
  return earlier;
}

inline TrainedFile trained_word_patterns(const WordPatternsOptions& options, const nlohmann::json&,
                                         const TrainContext& context) {
  const std::string name =
      "word_patterns-" + short_key({{"words", options.words},
                                    {"size", options.size},
                                    {"coarseness", options.coarseness},
                                    {"surrogate", to_json(options.clip)},
                                    {"policy", to_json(options.policy)},
                                    {"recipe", to_json(options.recipe)},
                                    {"eps", context.eps_steps},
                                    {"seed", context.seed},
                                    {"train", training_hash(context, options.trained_on)},
                                    {"precision", name_of(context.compute.precision)}});
  return trained_once(context, name, [&](const std::filesystem::path& file) {
    return train_word_patterns_file(options, context, file);
  });
}

}  // namespace detail

T2UE_INLINE WordPatternsOptions::WordPatternsOptions()
    : clip(clip_config("emoji-resnet")), policy(word_patterns_policy()), recipe(word_patterns_recipe()) {}

T2UE_INLINE void WordPatternsOptions::fields(FieldList& f) {
  using namespace detail;
  f("patterns", patterns, "file of `t2ue train patterns`; without it t2ue bench trains them by what follows");
  f("words", words, in_range(1, 65536), "keywords, each with a pattern");
  f("size", size, in_range(4, 1024), "side of a pattern, which is tiled");
  f("coarseness", coarseness, in_range(1, 1024),
    "pixels a side of a pixel of the textures that patterns start from");
  const auto surrogate = named_model(clip, "emoji-resnet", clip_config, clip_config_from_json);
  f("surrogate", surrogate, "a CLIP by name, or as a table");
  const auto who_trains = part_of(policy, bilevel_policy_from_json, word_patterns_policy());
  f("policy", who_trains, "who trains when");
  const auto training = part_of(recipe, train_recipe_from_json, word_patterns_recipe());
  f("recipe", training, "how the surrogate is trained");
  f("trained_on", trained_on, "the pictures that are protected, or those set apart");
}

T2UE_INLINE void WordPatternsOptions::validate() const {
  check(coarseness <= size, "word_patterns", "a coarseness of ", coarseness, " is more than the size of ",
        size);
  check_word_patterns_policy(policy);
}

T2UE_INLINE MethodEntry word_patterns_method() {
  MethodTraining training;
  training.file_option = "patterns";
  training.tasks = {LearningTask::image_text};
  training.command = "t2ue train patterns";
  return trained_method_entry<WordPatternsOptions>(
      WordPatterns::describe(8), {},
      [](const WordPatternsOptions& options, const MethodRequest&) {
        return noise_method<WordPatterns>(options.patterns);
      },
      training, detail::trained_word_patterns);
}

}  // namespace t2ue

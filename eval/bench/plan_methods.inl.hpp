#pragma once

#include <algorithm>

#include <t2ue/eval/bench/plan_methods.hpp>
#include <t2ue/eval/defences.hpp>
#include <t2ue/methods/registry.hpp>
#include <t2ue/methods/shuffled.hpp>

namespace t2ue {

namespace detail {

/// The registry's options for a method that nothing is trained for here: the budget and the seed are the
/// cell's.
inline nlohmann::json registry_options(const PlanMethod& method, int eps_steps, uint64_t seed) {
  const MethodEntry& entry = method_named(method.method);
  nlohmann::json options = method.options;
  const auto has = [&](const char* name) {
    return std::any_of(entry.options.begin(), entry.options.end(),
                       [&](const MethodOption& option) { return option.name == name; });
  };
  // The seed of a method that is trained is the file's.
  if (has("seed") && !entry.training) options["seed"] = seed;
  check(eps_steps == 0 || has("eps_steps"), method.method,
        "its budget is not in steps of 1/255; leave 'eps' out");
  if (eps_steps > 0) options["eps_steps"] = eps_steps;
  return options;
}

/// The options for making the method from what was trained for it.
inline nlohmann::json options_of_trained(const PlanMethod& method, const std::filesystem::path& file) {
  const MethodTraining& training = *method_named(method.method).training;
  nlohmann::json options = nlohmann::json::object();
  for (const std::string& option : training.beside_file)
    if (method.options.contains(option)) options[option] = method.options.at(option);
  options[training.file_option] = file.string();
  return options;
}

inline TrainContext train_context(const BenchContext& context) {
  const BenchData& data = context.data;
  return {.task = context.plan.task,
          .pictures = data.train(),
          .apart = data.apart(),
          .pictures_hash = data.train_hash(),
          .apart_hash = data.apart_hash(),
          .tokenizer = [&data](int64_t vocab_size) -> const Tokenizer& { return data.tokenizer(vocab_size); },
          .all_captions = context.plan.data.all_captions,
          .eps_steps = context.eps_steps,
          .seed = context.seed,
          .compute = context.compute,
          .folder = context.store.folder(),
          .progress = context.progress,
          .checkpoint_seconds = context.checkpoint_seconds};
}

inline MethodFacts facts_of(const BenchContext& context, const MethodCard& card) {
  MethodFacts facts;
  facts.height = facts.width = context.plan.data.size;
  facts.compute = context.compute;
  facts.items = context.data.items();
  if (context.plan.task == LearningTask::classes) facts.label_names = context.data.train().label_names;
  facts.captions = context.data.train().captions;
  if (card.independence == Independence::image_statistics) {
    const auto statistics = std::make_shared<OnePixelStatistics>(static_cast<int>(facts.label_names.size()),
                                                                 facts.height, facts.width);
    for (const NoiseItem& item : context.data.items()) statistics->add(*item.picture, item.label.value());
    facts.one_pixel = statistics;
  }
  return facts;
}

/// Throws Error unless an attacker can make the method's noise himself, from captions or classes alone.
inline void check_guessable(const PlanMethod& method) {
  const MethodCard& card = method_named(method.method).card;
  check(card.additive && card.independence == Independence::zero_contact, adaptive_defence,
        "takes noise away that can be made from captions or classes alone; ", method.method,
        card.additive ? " needs the pictures" : " adds no noise");
}

}  // namespace detail

T2UE_INLINE bool is_trained(const PlanMethod& method) {
  if (method.method == "clean" || method.method == "shuffled") return false;
  const MethodEntry& entry = method_named(method.method);
  return entry.training && !method.options.contains(entry.training->file_option);
}

T2UE_INLINE void check_plan_method(const PlanMethod& method, const BenchPlan& plan) {
  if (std::find(plan.defences.begin(), plan.defences.end(), adaptive_defence) != plan.defences.end())
    detail::check_guessable(method);
  const MethodEntry& entry = method_named(method.method);
  for (const char* own : {"seed", "eps_steps"})
    check(!method.options.contains(own), method.method, "'", own,
          "' is the cell's: use the plan's 'seeds' and the method's 'eps'");
  if (is_trained(method)) {
    const bool has_apart = plan.data.apart_share > 0 || !plan.data.apart.path.empty();
    entry.training->check(method.options, plan.task, has_apart);
    return;
  }
  check(!entry.card.needs_label || plan.task == LearningTask::classes, method.method,
        "is a method for classes, and the task is image-text");
  for (const int eps : method.eps_steps)
    check_method_options(method.method, detail::registry_options(method, eps, 0));
}

T2UE_INLINE BuiltMethod build_method(const PlanMethod& method, const BenchContext& context) {
  if (method.method == "shuffled") {
    BuiltMethod built = build_method(*find_method(context.plan, method.of), context);
    check(built.method.noise != nullptr, "shuffled", method.of, " makes no noise that could be shuffled");
    built.method.noise = std::make_shared<Shuffled>(built.method.noise, context.data.items(), context.seed);
    return built;
  }
  const MethodEntry& entry = method_named(method.method);
  const MethodFacts facts = detail::facts_of(context, entry.card);
  if (!is_trained(method)) {
    const nlohmann::json options = detail::registry_options(method, context.eps_steps, context.seed);
    return {make_method(method.method, options, facts), 0};
  }
  const TrainedFile trained = entry.training->train(method.options, detail::train_context(context));
  return {make_method(method.method, detail::options_of_trained(method, trained.path), facts),
          trained.seconds};
}

}  // namespace t2ue

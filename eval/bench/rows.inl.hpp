#pragma once

#include <t2ue/eval/bench/rows.hpp>
#include <t2ue/eval/bench/surrogate_row.hpp>
#include <t2ue/eval/bench/t2ue_row.hpp>
#include <t2ue/eval/bench/word_patterns_row.hpp>
#include <t2ue/eval/defences.hpp>
#include <t2ue/methods/registry.hpp>
#include <t2ue/methods/shuffled.hpp>

namespace t2ue {

namespace detail {

/// The method whose noise the row optimises here; null with the option "noise", which brings it, and for
/// methods without surrogates.
inline const SurrogateMethod* trained_surrogate_method(const PlanMethod& row) {
  return row.options.contains("noise") ? nullptr : find_surrogate_method(row.method);
}

/// The registry's options for a row: the budget and the seed are the cell's.
inline nlohmann::json registry_options(const PlanMethod& row, int eps_steps, uint64_t seed) {
  const MethodInfo& info = method_named(row.method);
  nlohmann::json options = row.options;
  const auto has = [&](const char* name) {
    return std::any_of(info.options.begin(), info.options.end(),
                       [&](const MethodOption& option) { return option.name == name; });
  };
  for (const char* own : {"seed", "eps_steps"})
    check(!options.contains(own), row.method, "'", own,
          "' is the cell's: use the plan's 'seeds' and the row's 'eps'");
  if (options.contains("generator_file")) options["generator"] = options.at("generator_file");
  options.erase("generator_file");
  if (has("seed") && row.method != "t2ue") options["seed"] = seed;
  check(eps_steps == 0 || has("eps_steps"), row.method,
        "its budget is not in steps of 1/255; leave 'eps' out");
  if (eps_steps > 0) options["eps_steps"] = eps_steps;
  return options;
}

inline MethodFacts facts_of(const RowContext& context, const MethodCard& card) {
  MethodFacts facts;
  facts.height = facts.width = context.plan.data.size;
  facts.compute = context.compute;
  facts.items = context.data.items();
  if (context.plan.task == BenchTask::classes) facts.label_names = context.data.train().label_names;
  facts.captions = context.data.train().captions;
  if (card.independence == Independence::image_statistics) {
    const auto statistics = std::make_shared<OnePixelStatistics>(static_cast<int>(facts.label_names.size()),
                                                                 facts.height, facts.width);
    for (const NoiseItem& item : context.data.items()) statistics->add(*item.picture, item.label.value());
    facts.one_pixel = statistics;
  }
  return facts;
}

/// Throws Error unless an attacker can make the row's noise himself, from captions or classes alone.
inline void check_guessable(const PlanMethod& row) {
  const MethodCard& card = method_named(row.method).card;
  check(card.additive && card.independence == Independence::zero_contact, adaptive_defence,
        "takes noise away that can be made from captions or classes alone; ", row.method,
        card.additive ? " needs the pictures" : " adds no noise");
}

}  // namespace detail

T2UE_INLINE void check_row(const PlanMethod& row, const BenchPlan& plan) {
  const BenchTask task = plan.task;
  if (std::find(plan.defences.begin(), plan.defences.end(), adaptive_defence) != plan.defences.end())
    detail::check_guessable(row);
  const auto check_apart = [&](bool apart) {
    check(!apart || plan.data.apart_share > 0 || !plan.data.apart.path.empty(), row.method,
          "trains on pictures set apart, and the plan has none: 'apart' or 'apart_share' in [data]");
  };
  if (trains_t2ue(row)) return check_apart(t2ue_row_options(row.options, task).apart);
  if (trains_word_patterns(row)) return check_apart(word_patterns_row_options(row.options, task).apart);
  if (const SurrogateMethod* method = detail::trained_surrogate_method(row)) {
    surrogate_row_options(*method, row.options, task);
    return;
  }
  const MethodInfo& info = method_named(row.method);
  check(!info.card.needs_label || task == BenchTask::classes, row.method,
        "is a method for classes, and the task is image-text");
  for (const int eps : row.eps_steps) check_method_options(row.method, detail::registry_options(row, eps, 0));
}

T2UE_INLINE BuiltRow build_row(const PlanMethod& row, const RowContext& context) {
  if (row.method == "shuffled") {
    BuiltRow built = build_row(*find_row(context.plan, row.of), context);
    check(built.method.noise != nullptr, "shuffled", row.of, " makes no noise that could be shuffled");
    built.method.noise = std::make_shared<Shuffled>(built.method.noise, context.data.items(), context.seed);
    return built;
  }
  if (trains_t2ue(row)) return build_t2ue_row(row.options, context);
  if (trains_word_patterns(row)) return build_word_patterns_row(row.options, context);
  if (const SurrogateMethod* method = detail::trained_surrogate_method(row))
    return build_surrogate_row(*method, row.options, context);
  const nlohmann::json options = detail::registry_options(row, context.eps_steps, context.seed);
  return {make_method(row.method, options, detail::facts_of(context, method_named(row.method).card)), 0};
}

}  // namespace t2ue

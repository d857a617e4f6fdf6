#pragma once

#include <algorithm>
#include <set>

#include <t2ue/core/json_reader.hpp>
#include <t2ue/eval/bench/plan.hpp>
#include <t2ue/eval/defences.hpp>
#include <t2ue/eval/victims.hpp>

namespace t2ue {

namespace detail {

/// Runs f; what it throws is a mistake of the plan at `path`.
template <class F>
auto in_plan(const std::string& path, F&& f) {
  try {
    return f();
  } catch (const PlanError&) {
    throw;
  } catch (const Error& error) {
    throw PlanError(path, error.what());
  }
}

/// PlanError at `path` unless the condition holds.
template <class... Parts>
void check_plan(bool condition, const std::string& path, const Parts&... parts) {
  if (!condition) throw PlanError(path, concat(parts...));
}

inline PlanPart plan_part(const nlohmann::json& json, const std::string& path) {
  if (json.is_string()) return {json.get<std::string>(), ""};
  JsonReader reader(json, path);
  PlanPart part{reader.get<std::string>("path"), reader.get<std::string>("split", "")};
  reader.done();
  return part;
}

inline PlanData plan_data(const nlohmann::json& json, const std::string& path) {
  JsonReader reader(json, path);
  PlanData data;
  data.train = plan_part(reader.get<nlohmann::json>("train"), path + ".train");
  data.test = plan_part(reader.get<nlohmann::json>("test"), path + ".test");
  if (reader.has("validation"))
    data.validation = plan_part(reader.get<nlohmann::json>("validation"), path + ".validation");
  if (reader.has("apart")) data.apart = plan_part(reader.get<nlohmann::json>("apart"), path + ".apart");
  data.apart_share = reader.in_range("apart_share", 0.0, 0.9, 0.0);
  data.all_captions = reader.get<bool>("all_captions", false);
  data.recaptioned = reader.get<std::string>("recaptioned", "");
  data.validation_share = reader.in_range("validation_share", 0.0, 0.9, 0.0);
  data.size = reader.in_range("size", 8, 1024, 32);
  data.limit = reader.in_range("limit", int64_t{0}, int64_t{1} << 40, int64_t{0});
  data.classes = reader.in_range("classes", 0, 1 << 20, 0);
  reader.done();
  check_plan(data.validation.path.empty() == (data.validation_share > 0), path,
             "either 'validation' names a part or 'validation_share' says how much of the test part it is");
  check_plan(data.apart.path.empty() || data.apart_share == 0, path,
             "either 'apart' names a part or 'apart_share' says how much of the training part it is");
  return data;
}

inline std::vector<int> plan_budgets(JsonReader& reader, const std::string& path) {
  if (!reader.has("eps")) return {0};
  const nlohmann::json given = reader.get<nlohmann::json>("eps");
  std::vector<int> budgets;
  for (const nlohmann::json& value : given.is_array() ? given : nlohmann::json::array({given})) {
    check_plan(value.is_number_integer() && value.get<int64_t>() >= 1 && value.get<int64_t>() <= 127,
               path + ".eps", "a budget is a whole number of steps of 1/255, 1..127, not ", value.dump());
    check_plan(std::find(budgets.begin(), budgets.end(), value.get<int>()) == budgets.end(), path + ".eps",
               value.dump(), " is there twice");
    budgets.push_back(value.get<int>());
  }
  check_plan(!budgets.empty(), path + ".eps", "there is no budget");
  return budgets;
}

inline PlanMethod plan_method(const nlohmann::json& json, const std::string& path) {
  JsonReader reader(json, path);
  PlanMethod method;
  method.method = reader.get<std::string>("method");
  method.label = reader.get<std::string>("label", method.method);
  method.options = reader.get<nlohmann::json>("options", nlohmann::json::object());
  check_plan(method.options.is_object(), path + ".options", "must be a table of options");
  method.control =
      method.method == "shuffled" || method.method == "random_sign" || method.method == "uniform";
  method.control = reader.get<bool>("control", method.control);
  if (method.method == "clean") {
    check_plan(!reader.has("eps"), path, "clean pictures carry no noise; leave 'eps' out");
    method.eps_steps = {0};
    method.control = false;
  } else {
    method.eps_steps = plan_budgets(reader, path);
  }
  if (method.method == "shuffled") method.of = reader.get<std::string>("of");
  reader.done();
  return method;
}

/// "start" and "mode"; with a file and no mode the victim is fine-tuned.
inline ClassifierStart plan_start(JsonReader& reader, const std::string& path, LearningTask task) {
  ClassifierStart start;
  start.file = reader.get<std::string>("start", "");
  const std::string mode = reader.get<std::string>("mode", start.file.empty() ? "scratch" : "finetune");
  start.mode = in_plan(path + ".mode", [&] { return kind_named<StartMode>(mode); });
  in_plan(path + ".start", [&] {
    check_start(start);
    return 0;
  });
  check_plan(start.mode == StartMode::scratch || task == LearningTask::classes, path + ".start",
             "only classifiers start from a file; the task is image-text");
  return start;
}

inline PlanVictim plan_victim(const nlohmann::json& json, const std::string& path, LearningTask task) {
  JsonReader reader(json, path);
  PlanVictim victim;
  const nlohmann::json model = reader.get<nlohmann::json>("model");
  victim.name = reader.get<std::string>("name", model.is_string() ? model.get<std::string>() : "victim");
  in_plan(path + ".model", [&] {
    if (task == LearningTask::image_text) {
      victim.clip = model.is_string() ? clip_config(model.get<std::string>())
                                      : clip_config_from_json(model, victim.name);
      victim.config = to_json(victim.clip);
    } else {
      victim.classifier = model.is_string() ? classifier_config(model.get<std::string>())
                                            : classifier_config_from_json(model, victim.name);
      victim.config = to_json(victim.classifier);
    }
    return 0;
  });
  victim.start = plan_start(reader, path, task);
  const nlohmann::json recipe = reader.get<nlohmann::json>("recipe", nlohmann::json::object());
  const RecipeModel trained = task == LearningTask::classes ? RecipeModel::classifier : RecipeModel::clip;
  victim.recipe = in_plan(path + ".recipe", [&] { return train_recipe_of(recipe, trained); });
  check_plan(!recipe.contains("seed"), path + ".recipe", "the seed is the cell's: use 'seeds'");
  reader.done();
  return victim;
}

/// The names that scores of a task have; their chance levels depend on the data.
inline std::vector<Metric> metrics_of(LearningTask task) {
  return task == LearningTask::classes ? classification_metrics(2) : retrieval_metrics(int64_t{2});
}

inline PublishedFigure published_figure(const nlohmann::json& json, const std::string& path,
                                        const BenchPlan& plan) {
  JsonReader reader(json, path);
  PublishedFigure figure;
  figure.row = reader.get<std::string>("row");
  if (reader.has("eps")) figure.eps_steps = reader.in_range("eps", 1, 127, 8);
  if (reader.has("victim")) figure.victim = reader.get<std::string>("victim");
  figure.defence = reader.get<std::string>("defence", figure.defence);
  figure.ratio = reader.get<double>("ratio", figure.ratio);
  figure.scores = reader.get<std::map<std::string, double>>("scores");
  reader.done();
  check_plan(find_method(plan, figure.row) != nullptr, path + ".row", "there is no method '", figure.row,
             "'");
  const auto has_victim = [&](const PlanVictim& victim) { return victim.name == figure.victim; };
  check_plan(!figure.victim || std::any_of(plan.victims.begin(), plan.victims.end(), has_victim),
             path + ".victim", "there is no victim '", figure.victim.value_or(""), "'");
  check_plan(std::find(plan.defences.begin(), plan.defences.end(), figure.defence) != plan.defences.end(),
             path + ".defence", "'", figure.defence, "' is none of the plan's defences");
  check_plan(std::find(plan.ratios.begin(), plan.ratios.end(), figure.ratio) != plan.ratios.end(),
             path + ".ratio", figure.ratio, " is none of the plan's ratios");
  check_plan(!figure.scores.empty(), path + ".scores", "there is no score");
  const std::vector<Metric> metrics = metrics_of(plan.task);
  for (const auto& score : figure.scores) {
    const auto is_it = [&](const Metric& metric) { return metric.name == score.first; };
    check_plan(std::any_of(metrics.begin(), metrics.end(), is_it), concat(path, ".scores.", score.first),
               "the task has no such metric");
  }
  return figure;
}

template <class T, class Check>
std::vector<T> plan_list(JsonReader& reader, const std::string& key, std::vector<T> otherwise,
                         const Check& check_value) {
  std::vector<T> values = reader.get<std::vector<T>>(key, std::move(otherwise));
  check_plan(!values.empty(), key, "the list is empty");
  for (size_t i = 0; i < values.size(); ++i) {
    const auto here = values.begin() + static_cast<int64_t>(i);
    check_plan(std::find(values.begin(), here, values[i]) == here, concat(key, "[", i, "]"), values[i],
               " is there twice");
    check_value(values[i], concat(key, "[", i, "]"));
  }
  return values;
}

inline void check_methods(const BenchPlan& plan,
                          const std::function<void(const PlanMethod&, const BenchPlan&)>& check_method) {
  std::set<std::string> labels;
  for (size_t i = 0; i < plan.methods.size(); ++i) {
    const PlanMethod& method = plan.methods[i];
    const std::string path = concat("methods[", i, "]");
    if (!labels.insert(method.label).second)
      throw PlanError(path,
                      concat("a method is called '", method.label, "' already; give this one a 'label'"));
    if (method.method == "shuffled") {
      const PlanMethod* inner = find_method(plan, method.of);
      if (inner == nullptr || inner->method == "clean" || inner->method == "shuffled")
        throw PlanError(path + ".of", concat("there is no method '", method.of, "' with noise to shuffle"));
    } else if (method.method != "clean") {
      in_plan(path, [&] {
        check_method(method, plan);
        return 0;
      });
    }
  }
}

}  // namespace detail

T2UE_INLINE const PlanMethod* find_method(const BenchPlan& plan, const std::string& label) {
  const auto found = std::find_if(plan.methods.begin(), plan.methods.end(),
                                  [&](const PlanMethod& method) { return method.label == label; });
  return found == plan.methods.end() ? nullptr : &*found;
}

T2UE_INLINE BenchPlan
bench_plan_from_json(const nlohmann::json& json,
                     const std::function<void(const PlanMethod&, const BenchPlan&)>& check_method) {
  using detail::in_plan;
  BenchPlan plan;
  in_plan("plan", [&] {
    JsonReader reader(json, "plan");
    plan.title = reader.get<std::string>("title");
    const auto task = reader.get<std::string>("task");
    if (task != "image-text" && task != "classes")
      throw PlanError("task", concat("'", task, "' is neither 'image-text' nor 'classes'"));
    plan.task = task == "classes" ? LearningTask::classes : LearningTask::image_text;
    plan.data =
        in_plan("data", [&] { return detail::plan_data(reader.get<nlohmann::json>("data"), "data"); });
    const auto victims = reader.get<std::vector<nlohmann::json>>("victims");
    for (size_t i = 0; i < victims.size(); ++i) {
      const std::string path = concat("victims[", i, "]");
      plan.victims.push_back(in_plan(path, [&] { return detail::plan_victim(victims[i], path, plan.task); }));
      for (size_t j = 0; j < i; ++j)
        if (plan.victims[j].name == plan.victims[i].name)
          throw PlanError(path, concat("a victim is called '", plan.victims[i].name, "' already"));
    }
    const auto methods = reader.get<std::vector<nlohmann::json>>("methods");
    for (size_t i = 0; i < methods.size(); ++i) {
      const std::string path = concat("methods[", i, "]");
      plan.methods.push_back(in_plan(path, [&] { return detail::plan_method(methods[i], path); }));
    }
    std::vector<std::string> known = defence_names();
    known.insert(known.end(), {adaptive_defence, recaption_defence});
    plan.defences = detail::plan_list<std::string>(
        reader, "defences", {"none"}, [&](const std::string& name, const std::string& path) {
          if (std::find(known.begin(), known.end(), name) == known.end())
            throw PlanError(path, concat("there is no defence '", name, "'"));
          detail::check_plan(name != recaption_defence ||
                                 (plan.task == LearningTask::image_text && !plan.data.recaptioned.empty()),
                             path, "'recaption' wants the task image-text and captions in data.recaptioned");
          if (is_bench_defence(name)) return;
          in_plan(path, [&] {
            return defend_recipe({}, name, plan.data.size, plan.task == LearningTask::classes);
          });
        });
    plan.ratios =
        detail::plan_list<double>(reader, "ratios", {1.0}, [](double ratio, const std::string& path) {
          if (!(ratio > 0 && ratio <= 1)) throw PlanError(path, concat(ratio, " is not in (0, 1]"));
        });
    plan.seeds = detail::plan_list<uint64_t>(reader, "seeds", {1}, [](uint64_t, const std::string&) {});
    const auto published = reader.get<std::vector<nlohmann::json>>("published", {});
    for (size_t i = 0; i < published.size(); ++i) {
      const std::string path = concat("published[", i, "]");
      plan.published.push_back(
          in_plan(path, [&] { return detail::published_figure(published[i], path, plan); }));
    }
    plan.published_in = published.empty() ? "" : reader.get<std::string>("published_in");
    reader.done();
    return 0;
  });
  if (plan.victims.empty()) throw PlanError("victims", "there is none");
  if (plan.methods.empty()) throw PlanError("methods", "there is none");
  detail::check_methods(plan, check_method);
  return plan;
}

T2UE_INLINE std::vector<BenchCell> cells_of(const BenchPlan& plan) {
  std::vector<BenchCell> cells;
  for (size_t victim = 0; victim < plan.victims.size(); ++victim)
    for (const std::string& defence : plan.defences)
      for (const double ratio : plan.ratios)
        for (size_t method = 0; method < plan.methods.size(); ++method)
          for (const int eps : plan.methods[method].eps_steps)
            for (const uint64_t seed : plan.seeds)
              cells.push_back({method, eps, victim, defence, ratio, seed});
  return cells;
}

T2UE_INLINE std::string describe(const BenchPlan& plan, const BenchCell& cell) {
  std::string text = plan.methods[cell.method].label;
  if (cell.eps_steps > 0) text += concat(" eps ", cell.eps_steps);
  text += ", " + plan.victims[cell.victim].name;
  if (cell.defence != "none") text += ", " + cell.defence;
  if (cell.ratio < 1) text += concat(", ratio ", cell.ratio);
  return text + concat(", seed ", cell.seed);
}

}  // namespace t2ue

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

class PlanPartField : public FieldValue {
 public:
  explicit PlanPartField(PlanPart& part) : part_(part) {}
  void read(const nlohmann::json& json, const std::string& where) override {
    part_ = {};
    if (json.is_string()) {
      part_.path = json.get<std::string>();
      return;
    }
    FieldList fields(where);
    fields("path", part_.path, "Data set").must_be_given();
    fields("split", part_.split, "One of its splits");
    read_fields(fields, json);
  }
  void write(nlohmann::json& json) const override { json = {{"path", part_.path}, {"split", part_.split}}; }

 private:
  PlanPart& part_;
};

/// Whole steps of 1/255: one number or a list.
class BudgetsField : public FieldValue {
 public:
  BudgetsField(std::vector<int>& budgets, std::string path) : budgets_(budgets), path_(std::move(path)) {}
  void read(const nlohmann::json& json, const std::string&) override {
    budgets_.clear();
    for (const nlohmann::json& value : json.is_array() ? json : nlohmann::json::array({json})) {
      check_plan(value.is_number_integer() && value.get<int64_t>() >= 1 && value.get<int64_t>() <= 127, path_,
                 "a budget is a whole number of steps of 1/255, 1..127, not ", value.dump());
      check_plan(std::find(budgets_.begin(), budgets_.end(), value.get<int>()) == budgets_.end(), path_,
                 value.dump(), " is there twice");
      budgets_.push_back(value.get<int>());
    }
    check_plan(!budgets_.empty(), path_, "there is no budget");
  }
  void write(nlohmann::json& json) const override { json = budgets_; }

 private:
  std::vector<int>& budgets_;
  std::string path_;
};

/// What the JSON library converts by itself, or something else of that kind.
template <class T, class Value = T>
class ConvertedField : public FieldValue {
 public:
  explicit ConvertedField(Value& value) : value_(value) {}
  void read(const nlohmann::json& json, const std::string& where) override {
    try {
      value_ = json.get<T>();
    } catch (const nlohmann::json::exception&) {
      fail(where, "has the wrong type: ", json.dump());
    }
  }
  void write(nlohmann::json& json) const override {
    if constexpr (std::is_same_v<T, Value>)
      json = value_;
    else
      json = value_ ? nlohmann::json(*value_) : nlohmann::json();
  }

 private:
  Value& value_;
};
template <class T>
std::shared_ptr<FieldValue> converted(T& value) {
  return std::make_shared<ConvertedField<T>>(value);
}
template <class T>
std::shared_ptr<FieldValue> converted(std::optional<T>& value) {
  return std::make_shared<ConvertedField<T, std::optional<T>>>(value);
}

inline PlanMethod plan_method(const nlohmann::json& json, const std::string& path) {
  PlanMethod method;
  method.method = JsonReader(json, path).get<std::string>("method");
  const bool clean = method.method == "clean";
  check_plan(!clean || !json.contains("eps"), path, "clean pictures carry no noise; leave 'eps' out");
  method.label = method.method;
  method.eps_steps = {0};
  method.options = nlohmann::json::object();
  method.control =
      method.method == "shuffled" || method.method == "random_sign" || method.method == "uniform";
  read_fields(fields_of(method, path), json);
  check_plan(method.options.is_object(), path + ".options", "must be a table of options");
  if (clean) method.control = false;
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
  PublishedFigure figure;
  read_fields(fields_of(figure, path), json);
  check_plan(!figure.eps_steps || (*figure.eps_steps >= 1 && *figure.eps_steps <= 127), path + ".eps",
             figure.eps_steps.value_or(0), " is outside 1..127");
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

T2UE_INLINE std::shared_ptr<FieldValue> field_of(PlanPart& part) {
  return std::make_shared<detail::PlanPartField>(part);
}

T2UE_INLINE void PlanData::validate() const {
  constexpr const char* where = "data";
  check(validation.path.empty() == (validation_share > 0), where,
        "either 'validation' names a part or 'validation_share' says how much of the test part it is");
  check(apart.path.empty() || apart_share == 0, where,
        "either 'apart' names a part or 'apart_share' says how much of the training part it is");
}

T2UE_INLINE void PlanMethod::fields(FieldList& f) {
  f("method", method, "clean, shuffled, or a method's name").must_be_given();
  f("label", label, "Its name in tables");
  f("options", detail::converted(options), "The method's own");
  f("control", control, "Noise that should not protect");
  if (method != "clean")
    f("eps", std::make_shared<detail::BudgetsField>(eps_steps, f.where() + ".eps"), "Steps of 1/255");
  if (method == "shuffled") f("of", of, "The method whose noise is dealt out wrongly").must_be_given();
}

T2UE_INLINE void PublishedFigure::fields(FieldList& f) {
  f("row", row, "Label of the row").must_be_given();
  f("eps", detail::converted(eps_steps), "Steps of 1/255; without it whichever");
  f("victim", detail::converted(victim), "Without it whichever");
  f("defence", defence, "That it was measured under");
  f("ratio", ratio, "Share of the pictures that were protected");
  f("scores", detail::converted(scores), "By the metric's name").must_be_given();
}

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
    plan.task = in_plan("task", [&] { return kind_named<LearningTask>(reader.get<std::string>("task")); });
    plan.data =
        in_plan("data", [&] { return with_json(PlanData{}, reader.get<nlohmann::json>("data"), "data"); });
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

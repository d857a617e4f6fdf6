#pragma once

#include <chrono>
#include <new>

#include <t2ue/core/json_reader.hpp>
#include <t2ue/core/renames.hpp>
#include <t2ue/eval/bench/adaptive.hpp>
#include <t2ue/eval/bench/plan_methods.hpp>
#include <t2ue/eval/bench/runner.hpp>
#include <t2ue/eval/defences.hpp>
#include <t2ue/methods/registry.hpp>

namespace t2ue {

namespace detail {

/// Part of every key: raise it when what a cell computes changes.
inline constexpr int bench_version = 1;

/// Which training pictures are protected at a ratio: drawn by the seed, the same for every method.
inline std::vector<int64_t> protected_share(int64_t count, double ratio, uint64_t seed) {
  std::vector<int64_t> order(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) order[static_cast<size_t>(i)] = i;
  Random random(seed, Purpose::subset);
  for (int64_t i = count - 1; i > 0; --i)
    std::swap(order[static_cast<size_t>(i)], order[random.below(static_cast<uint32_t>(i + 1))]);
  order.resize(static_cast<size_t>(std::llround(ratio * static_cast<double>(count))));
  std::sort(order.begin(), order.end());
  return order;
}

inline nlohmann::json to_json(const VictimRun& run, const std::vector<Metric>& metrics) {
  nlohmann::json json{{"train_seconds", run.seconds}, {"selected", run.epochs[run.selected()].epoch}};
  for (const VictimEpoch& epoch : run.epochs)
    json["epochs"].push_back({{"epoch", epoch.epoch},
                              {"loss", epoch.loss},
                              {"validation", epoch.validation},
                              {"scores", epoch.scores}});
  const std::vector<Scores> scores = run.scores(metrics);
  for (size_t m = 0; m < metrics.size(); ++m) {
    nlohmann::json score{{"metric", metrics[m].name},
                         {"last", scores[m].last},
                         {"selected", scores[m].selected},
                         {"best", scores[m].best}};
    if (scores[m].interval) score["interval"] = {scores[m].interval->low, scores[m].interval->high};
    json["scores"].push_back(std::move(score));
  }
  return json;
}

inline nlohmann::json without_seed(const TrainRecipe& recipe) {
  nlohmann::json json = t2ue::to_json(recipe);
  json.erase("seed");
  return json;
}

}  // namespace detail

T2UE_INLINE BenchRunner::BenchRunner(BenchPlan plan, const std::filesystem::path& base,
                                     const std::filesystem::path& folder, BenchOptions options)
    : plan_(std::move(plan)),
      options_(std::move(options)),
      store_(folder),
      data_(plan_, base, store_),
      metrics_(plan_.task == LearningTask::classes
                   ? classification_metrics(static_cast<int64_t>(data_.train().label_names.size()))
                   : retrieval_metrics(data_.test())),
      split_(split_hash(data_.test().keys)) {
  for (size_t i = 0; i < plan_.victims.size(); ++i) {
    PlanVictim& victim = plan_.victims[i];
    if (plan_.task == LearningTask::image_text) {
      check(victim.clip.image_size == plan_.data.size, "bench", "the victim ", victim.name, " looks at ",
            victim.clip.image_size, " pixels, the plan's pictures have ", plan_.data.size);
      continue;
    }
    ClassifierConfig& classifier = victim.classifier;
    classifier.fit_to(plan_.data.size);
    classifier.outputs = static_cast<int64_t>(data_.train().label_names.size());
    if (victim.start.mode == StartMode::scratch) continue;
    victim.start.file = base / victim.start.file;
    try {
      load_start(victim.start.file, classifier);
    } catch (const Error& error) {
      throw PlanError(concat("victims[", i, "].start"), error.what());
    }
    victim.config["start"] = {{"mode", name_of(victim.start.mode)},
                              {"sha256", sha256_file(victim.start.file)}};
  }
}

T2UE_INLINE std::string BenchRunner::recipe_of(const BenchCell& cell) const {
  const PlanVictim& victim = plan_.victims[cell.victim];
  std::string defence = cell.defence;
  // At first no victim was measured under it: this keeps cells of then apart.
  if (is_defended_where_measured(defence)) defence += ", also where measured";
  if (defence == recaption_defence) defence += data_.recaption_hash();
  return recipe_hash({{"task", name_of(plan_.task)},
                      {"data", data_.hash()},
                      {"victim", victim.config},
                      {"recipe", detail::without_seed(victim.recipe)},
                      {"defence", defence},
                      {"ratio", cell.ratio},
                      {"precision", name_of(options_.compute.precision)}});
}

T2UE_INLINE nlohmann::json BenchRunner::identity_of(const PlanMethod& method) const {
  nlohmann::json json{{"method", method.method}, {"options", method.options}};
  if (!method.of.empty()) json["of"] = identity_of(*find_method(plan_, method.of));
  if (is_trained(method))
    json.update(parse_json(method_named(method.method).training->identity, method.method));
  return json;
}

T2UE_INLINE std::string BenchRunner::key_of(const BenchCell& cell) const {
  nlohmann::json key{{"version", detail::bench_version},
                     {"recipe", recipe_of(cell)},
                     {"row", identity_of(plan_.methods[cell.method])},
                     {"eps", cell.eps_steps},
                     {"seed", cell.seed}};
  // At first it was trained for the recipe's epochs, so for fewer steps: this keeps cells of then apart.
  if (is_clean_share(cell)) key["clean share"] = "as many steps";
  return short_key(key);
}

T2UE_INLINE bool BenchRunner::is_clean_share(const BenchCell& cell) const {
  return cell.ratio < 1 && plan_.methods[cell.method].method == "clean";
}

T2UE_INLINE std::filesystem::path BenchRunner::protection_folder(const BenchCell& cell) const {
  if (plan_.methods[cell.method].method == "clean") return {};
  return store_.folder() / ("protected-" + short_key({{"version", detail::bench_version},
                                                      {"row", identity_of(plan_.methods[cell.method])},
                                                      {"eps", cell.eps_steps},
                                                      {"seed", cell.seed},
                                                      {"train", data_.train_hash()},
                                                      {"precision", name_of(options_.compute.precision)}}));
}

T2UE_INLINE BenchContext BenchRunner::context_of(const BenchCell& cell) {
  return {data_,     plan_,  options_.compute,  cell.eps_steps,
          cell.seed, store_, options_.progress, options_.checkpoint_seconds};
}

T2UE_INLINE std::optional<Protection> BenchRunner::protection_of(const BenchCell& cell,
                                                                 double& one_off_seconds) {
  const std::filesystem::path folder = protection_folder(cell);
  if (folder.empty()) return std::nullopt;
  const Claim claim = store_.claim(folder.filename().string());
  if (std::optional<Protection> there = read_protection(folder)) {
    one_off_seconds = there->measured.value("one_off_seconds", 0.0);
    return there;
  }
  std::filesystem::remove_all(folder);  // a killed process left it unfinished
  const BuiltMethod built = build_method(plan_.methods[cell.method], context_of(cell));
  one_off_seconds = built.seconds;
  return protect_pictures(data_, built, cell.seed, folder, options_.progress);
}

T2UE_INLINE PairDataset BenchRunner::training_pictures(const BenchCell& cell,
                                                       const std::optional<Protection>& protection) {
  const PairDataset& clean = data_.train();
  PairDataset pictures = protection ? load_published(clean, protection->folder) : clean;
  if (cell.ratio < 1) {
    const std::vector<int64_t> chosen = detail::protected_share(clean.count(), cell.ratio, cell.seed);
    std::vector<bool> is_protected(clean.keys.size(), false);
    for (const int64_t i : chosen) is_protected[static_cast<size_t>(i)] = true;
    std::vector<int64_t> rest;
    for (int64_t i = 0; i < clean.count(); ++i) {
      if (is_protected[static_cast<size_t>(i)]) continue;
      rest.push_back(i);
      pictures.replace(i, clean.picture(i), clean.captions_of(i));
    }
    // Without the control "only the clean part", what the clean part teaches would pass for a failed attack.
    if (!protection) pictures = clean.subset(rest);
  }
  if (cell.defence == adaptive_defence)
    subtract_guess(pictures, plan_.methods[cell.method], context_of(cell));
  else if (cell.defence == recaption_defence)
    data_.recaption(pictures);
  else
    defend_pictures(pictures, cell.defence, cell.seed);
  return pictures;
}

T2UE_INLINE VictimRun BenchRunner::train_victim(const BenchCell& cell, const PairDataset& pictures) {
  const PlanVictim& victim = plan_.victims[cell.victim];
  // What is subtracted is subtracted from the pictures, what is rewritten is rewritten.
  const std::string trained = is_bench_defence(cell.defence) ? "none" : cell.defence;
  TrainRecipe recipe =
      defend_recipe(victim.recipe, trained, plan_.data.size, plan_.task == LearningTask::classes);
  recipe.seed = cell.seed;
  if (is_clean_share(cell))
    recipe.epochs = static_cast<int>(
        std::llround(static_cast<double>(recipe.epochs) * static_cast<double>(data_.train().count()) /
                     static_cast<double>(pictures.count())));
  VictimTask task;
  task.compute = options_.compute;
  task.progress = [this](int64_t done, int64_t total, double) {
    if (options_.progress) options_.progress("victim", done, total);
  };
  task.test = &data_.test();
  task.validation = &data_.validation();
  const bool as_they_are = plan_.task == LearningTask::classes && !is_defended_where_measured(trained);
  if (as_they_are) return run_classifier_victim(victim.classifier, recipe, pictures, task, victim.start);
  PairDataset test = data_.test(), validation = data_.validation();
  for (PairDataset* part : {&test, &validation}) prepare_measured(*part, trained);
  task.test = &test;
  task.validation = &validation;
  if (plan_.task == LearningTask::classes)
    return run_classifier_victim(victim.classifier, recipe, pictures, task, victim.start);
  // An attacker's vocabulary is of the captions that he has.
  const Tokenizer tokenizer = cell.defence == recaption_defence
                                  ? vocabulary_of(pictures.captions, victim.clip.text.vocab_size)
                                  : data_.tokenizer(victim.clip.text.vocab_size);
  const int context = static_cast<int>(victim.clip.text.context_length);
  PairDataset train = pictures;
  for (PairDataset* part : {&train, &test, &validation}) tokenise_captions(*part, tokenizer, context);
  return run_clip_victim(victim.clip, recipe, train, task);
}

T2UE_INLINE nlohmann::json BenchRunner::run_cell(const BenchCell& cell) {
  double one_off = 0;
  const std::optional<Protection> protection = protection_of(cell, one_off);
  const PairDataset pictures = training_pictures(cell, protection);
  const VictimRun run = train_victim(cell, pictures);
  nlohmann::json result = detail::to_json(run, metrics_);
  result["pictures"] = pictures.count();
  if (protection) {
    result["measured"] = protection->measured;
    result["protect_seconds"] = protection->seconds;
    result["one_off_seconds"] = one_off;
  }
  return result;
}

T2UE_INLINE void BenchRunner::finish_cell(const BenchCell& cell, const std::string& key) {
  nlohmann::json result;
  try {
    result = run_cell(cell);
    result["status"] = "done";
  } catch (const Error& error) {
    result = {{"status", "failed"}, {"reason", error.what()}};
  } catch (const std::bad_alloc&) {
    result = {{"status", "failed"}, {"reason", "there was not enough memory"}};
  }
  result["row"] = plan_.methods[cell.method].label;
  result["identity"] = identity_of(plan_.methods[cell.method]);
  result["eps"] = cell.eps_steps;
  result["victim"] = plan_.victims[cell.victim].name;
  result["defence"] = cell.defence;
  result["ratio"] = cell.ratio;
  result["seed"] = cell.seed;
  result["recipe"] = recipe_of(cell);
  result["split"] = split_;
  result["device"] = options_.compute.device.text();
  result["precision"] = name_of(options_.compute.precision);
  store_.put(key, result);
}

T2UE_INLINE std::vector<CellResult> BenchRunner::run() {
  const std::vector<BenchCell> cells = cells_of(plan_);
  // Cells that the first round leaves to other processes are waited for in the second.
  for (const bool wait : {false, true})
    for (size_t i = 0; i < cells.size(); ++i) {
      const std::string key = key_of(cells[i]);
      const auto settled = [&] {
        const std::optional<nlohmann::json> there = store_.find(key);
        return there && (wait || !options_.retry_failed || there->value("status", "") == "done");
      };
      if (settled()) continue;
      const std::optional<Claim> claim = wait ? store_.claim(key) : store_.try_claim(key);
      if (!claim || settled()) continue;
      if (options_.begin_cell) options_.begin_cell(describe(plan_, cells[i]), i, cells.size());
      finish_cell(cells[i], key);
    }
  std::vector<CellResult> results;
  for (const BenchCell& cell : cells) {
    results.push_back({cell, store_.find(key_of(cell)).value()});
    // Names are the plan's and no part of the key: a cell of an earlier plan may have others.
    results.back().result["row"] = plan_.methods[cell.method].label;
    results.back().result["victim"] = plan_.victims[cell.victim].name;
  }
  return results;
}

}  // namespace t2ue

#pragma once

#include <chrono>

#include <t2ue/eval/classification.hpp>
#include <t2ue/eval/retrieval.hpp>
#include <t2ue/eval/victims.hpp>
#include <t2ue/training/features.hpp>

namespace t2ue {

namespace detail {

/// Measures a model: one score a metric, and the intervals that are known.
struct Measurement {
  std::vector<double> scores;
  std::vector<Interval> intervals;
};

/// The picture of every caption; empty where each has exactly one.
inline std::vector<int64_t> caption_owners(const PairDataset& data) {
  std::vector<int64_t> owner;
  for (int64_t i = 0; i < data.count(); ++i)
    for (int64_t row = data.caption_begin[static_cast<size_t>(i)];
         row < data.caption_begin[static_cast<size_t>(i) + 1]; ++row)
      owner.push_back(i);
  if (owner.size() == data.keys.size()) owner.clear();
  return owner;
}

inline Measurement retrieval_measurement(const std::vector<float>& images, const std::vector<float>& texts,
                                         int64_t width, const PairDataset& data, int64_t resamples,
                                         Device device) {
  const RetrievalResult result =
      retrieval(images, texts, width, caption_owners(data), {.seed = 0, .resamples = resamples}, device);
  Measurement measured;
  for (const RetrievalDirection* way : {&result.image_to_text, &result.text_to_image}) {
    for (const double hit : way->hit) measured.scores.push_back(hit);
    measured.scores.push_back(way->median_rank);
    measured.intervals.insert(measured.intervals.end(), {{}, {}, way->hit_interval[2], {}});
  }
  return measured;
}

/// The loop that every victim shares. `measure_model(passes of, resamples)` measures the model as it is.
template <class Model>
VictimRun run_victim(Trainer<Model>& trainer, const VictimTask& task, int epochs,
                     const std::function<Measurement(bool test, int64_t resamples)>& measure_model,
                     const std::function<double(const Measurement&)>& headline) {
  using Clock = std::chrono::steady_clock;
  const auto started = Clock::now();
  VictimRun run;
  const auto measure = [&](bool on_test, int64_t resamples) {
    Measurement measured;
    trainer.with_average([&] { measured = measure_model(on_test, resamples); });
    return measured;
  };
  double loss = 0, best = -1;
  int64_t steps = 0;
  while (!trainer.done()) {
    loss += static_cast<double>(trainer.step());
    ++steps;
    if (task.progress) task.progress(trainer.steps(), trainer.total_steps(), trainer.data_seconds());
    if (trainer.steps() % trainer.steps_per_epoch() != 0) continue;
    const int epoch = static_cast<int>(trainer.steps() / trainer.steps_per_epoch());
    if (epoch % task.measure_every != 0 && epoch != epochs) continue;
    const double validation = headline(measure(false, 1));
    const bool better = validation > best;
    const Measurement test = measure(true, better ? 1000 : 1);
    if (better) {
      best = validation;
      run.intervals = test.intervals;
    }
    run.epochs.push_back({epoch, loss / static_cast<double>(steps), validation, test.scores});
    loss = 0;
    steps = 0;
  }
  run.seconds = std::chrono::duration<double>(Clock::now() - started).count();
  return run;
}

}  // namespace detail

T2UE_INLINE size_t VictimRun::selected() const {
  check(!epochs.empty(), "victim", "the run has no measured epoch");
  size_t best = 0;
  for (size_t i = 1; i < epochs.size(); ++i)
    if (epochs[i].validation > epochs[best].validation) best = i;
  return best;
}

T2UE_INLINE std::vector<Scores> VictimRun::scores(const std::vector<Metric>& metrics) const {
  const size_t chosen = selected();
  std::vector<Scores> all;
  for (size_t m = 0; m < metrics.size(); ++m) {
    Scores s{epochs.back().scores.at(m), epochs[chosen].scores.at(m), epochs[0].scores.at(m), {}};
    for (const VictimEpoch& epoch : epochs) {
      const double score = epoch.scores.at(m);
      if (metrics[m].higher_is_better ? score > s.best : score < s.best) s.best = score;
    }
    if (m < intervals.size() && intervals[m].high > 0) s.interval = intervals[m];
    all.push_back(s);
  }
  return all;
}

T2UE_INLINE std::vector<Metric> retrieval_metrics(int64_t count) {
  std::vector<Metric> metrics;
  for (const char* way : {"I2T", "T2I"}) {
    for (const int k : {1, 5, 10})
      metrics.push_back({concat("Hit@", k, " ", way),
                         100.0 * std::min<double>(k, static_cast<double>(count)) / static_cast<double>(count),
                         1, true, k == 10});
    metrics.push_back({concat("MedR ", way), (static_cast<double>(count) + 1) / 2, 0, false, false});
  }
  return metrics;
}

T2UE_INLINE std::vector<Metric> retrieval_metrics(const PairDataset& test) {
  std::vector<Metric> metrics = retrieval_metrics(test.count());
  const std::vector<int64_t> owner = detail::caption_owners(test);
  if (owner.empty()) return metrics;
  // Chance depends on how many captions each picture has, not on features.
  const std::vector<float> images(test.keys.size(), 1.0f), texts(owner.size(), 1.0f);
  const RetrievalResult any = retrieval(images, texts, 1, owner, {.seed = 0, .resamples = 1});
  size_t m = 0;
  for (const RetrievalDirection* way : {&any.image_to_text, &any.text_to_image}) {
    for (const double hit : way->chance.hit) metrics[m++].chance = hit;
    metrics[m++].chance = way->chance.median_rank;
  }
  return metrics;
}

T2UE_INLINE std::vector<Metric> classification_metrics(int64_t classes) {
  return {{"top-1", 100.0 / static_cast<double>(classes), 1, true, true}};
}

T2UE_INLINE VictimRun run_clip_victim(const ClipConfig& config, const TrainRecipe& recipe,
                                      const PairDataset& train, const VictimTask& task,
                                      const std::function<void(ClipTrainer&)>& trained) {
  ClipTrainer trainer(config, recipe, train, task.compute);
  struct Passes {
    DatasetPass images;
    CaptionPass texts;
    Passes(const PairDataset& data, Clip& model, Device device)
        : images(data, image_features(model), 64, {device}), texts(data, model, 64, {device}) {}
  } test(*task.test, trainer.model(), task.compute.device),
      validation(*task.validation, trainer.model(), task.compute.device);
  const auto measure = [&](bool on_test, int64_t resamples) {
    Passes& passes = on_test ? test : validation;
    return detail::retrieval_measurement(passes.images.run(), passes.texts.run(), config.text.embed_dim,
                                         on_test ? *task.test : *task.validation, resamples,
                                         task.compute.device);
  };
  // Hit@10 both ways: metrics 2 and 6.
  const auto headline = [](const detail::Measurement& m) { return m.scores[2] + m.scores[6]; };
  VictimRun run = detail::run_victim<Clip>(trainer, task, recipe.epochs, measure, headline);
  if (trained) trainer.with_average([&] { trained(trainer); });
  return run;
}

T2UE_INLINE VictimRun run_classifier_victim(const ClassifierConfig& config, const TrainRecipe& recipe,
                                            const PairDataset& train, const VictimTask& task,
                                            const ClassifierStart& start) {
  check(train.label_names == task.test->label_names && train.label_names == task.validation->label_names,
        "victim", "training, test and validation pictures do not have the same classes");
  const std::unique_ptr<ClassifierTrainer> owned =
      classifier_trainer(config, start, recipe, train, task.compute);
  ClassifierTrainer& trainer = *owned;
  DatasetPass test(*task.test, class_logits(trainer.model()), 64, {task.compute.device}),
      validation(*task.validation, class_logits(trainer.model()), 64, {task.compute.device});
  const auto measure = [&](bool on_test, int64_t resamples) {
    const PairDataset& data = on_test ? *task.test : *task.validation;
    const auto result = classification((on_test ? test : validation).run(), data.labels, config.outputs,
                                       {.seed = 0, .resamples = resamples});
    return detail::Measurement{{result.accuracy}, {result.accuracy_interval}};
  };
  return detail::run_victim<Classifier>(trainer, task, recipe.epochs, measure,
                                        [](const detail::Measurement& m) { return m.scores[0]; });
}

}  // namespace t2ue

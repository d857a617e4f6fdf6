// Victims: models that an attacker trains on published pictures. They are measured on clean pictures every
// few epochs.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <t2ue/core/config.hpp>
#include <t2ue/data/records/pair_dataset.hpp>
#include <t2ue/report/results_table.hpp>
#include <t2ue/training/classifier_start.hpp>

namespace t2ue {

/// A victim after some epochs. `scores` are those of the part's metrics, on the clean test pictures.
struct VictimEpoch {
  int epoch = 0;          ///< counted from 1
  double loss = 0;        ///< mean training loss of the epochs since the last measurement
  double validation = 0;  ///< the headline metric on clean validation pictures
  std::vector<double> scores;
};

/// A victim's whole run.
struct VictimRun {
  std::vector<VictimEpoch> epochs;
  double seconds = 0;
  std::vector<Interval> intervals;  ///< 95 %, one a metric, at the selected epoch; {0, 0} where there is none

  /// The epoch that is best on validation data (the earlier one of equals).
  size_t selected() const;
  /// Last, selected and best-on-test scores of every metric.
  std::vector<Scores> scores(const std::vector<Metric>& metrics) const;
};

/// What all victims of a part share: pictures to measure on, and how often.
struct VictimTask {
  const PairDataset* test = nullptr;
  const PairDataset* validation = nullptr;  ///< clean, disjoint from test
  int measure_every = 1;                    ///< epochs
  Compute compute;                          ///< of the training; measured in fp32 in any case
  /// Called after every step: steps done, steps in all, seconds spent filling batches.
  std::function<void(int64_t, int64_t, double)> progress;
};

/// Retrieval among `count` pairs: Hit@1, 5, 10 and the median rank, picture to text, then text to picture.
std::vector<Metric> retrieval_metrics(int64_t count);
/// The same among all pictures and all their captions, any hit: with one caption a picture, one to one.
std::vector<Metric> retrieval_metrics(const PairDataset& test);
/// Top-1 accuracy over `classes`; chance is a uniform guess.
std::vector<Metric> classification_metrics(int64_t classes);

/// Trains a CLIP from scratch on `train` and measures retrieval over all captions of the test and validation
/// pictures (any hit; see retrieval()). `trained`, if given, is called with the
/// finished trainer, so that its towers can be kept. With the recipe's ema_decay what is measured, and what
/// `trained` sees, are the averaged weights.
VictimRun run_clip_victim(const ClipConfig& config, const TrainRecipe& recipe, const PairDataset& train,
                          const VictimTask& task, const std::function<void(ClipTrainer&)>& trained = {});

/// Trains a classifier on `train`'s labels, from scratch or as `start` says, and measures accuracy, of the
/// averaged weights with the recipe's ema_decay. Error unless train, test and validation have the same label
/// names.
VictimRun run_classifier_victim(const ClassifierConfig& config, const TrainRecipe& recipe,
                                const PairDataset& train, const VictimTask& task,
                                const ClassifierStart& start = {});

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/eval/victims.inl.hpp>
#endif

// Runs trained models over whole data sets, in evaluation mode.
#pragma once

#include <functional>

#include <t2ue/core/config.hpp>
#include <t2ue/core/plan.hpp>
#include <t2ue/training/batch.hpp>
#include <t2ue/training/normalised.hpp>
#include <t2ue/training/text_pass.hpp>

namespace t2ue {

/// Runs `record` (normalised pixels or batch -> [B,D]) over all items in fixed batches: [N,D] on the host. An
/// item's row does not depend on its neighbours. Keep it to evaluate again after more training.
class DatasetPass {
 public:
  using Record = std::function<Var(Graph&, const Var& pixels, const Batch&)>;

  DatasetPass(const PairDataset& data, const Record& record, int64_t batch = 64, const Compute& compute = {});
  DatasetPass(const DatasetPass&) = delete;
  DatasetPass& operator=(const DatasetPass&) = delete;

  std::vector<float> run();

 private:
  const PairDataset& data_;
  Batch batch_;
  Tensor output_;
  Step step_;
};

/// Unit text features of every caption of a dataset, in token-row order: [rows, D] on the host.
class CaptionPass {
 public:
  CaptionPass(const PairDataset& data, Clip& model, int64_t batch = 64, const Compute& compute = {});

  std::vector<float> run() { return pass_.run(data_.ids, data_.end); }

 private:
  const PairDataset& data_;
  TextPass pass_;
};

/// Unit image features of every picture, and class logits.
DatasetPass::Record image_features(Clip& model);
DatasetPass::Record class_logits(Classifier& model);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/training/features.inl.hpp>
#endif

// Adversarial augmentation (UEraser of Qin et al., 2023): each picture gets, of several draws of a policy,
// the one with the largest loss.
#pragma once

#include <cmath>
#include <functional>
#include <limits>
#include <numeric>

#include <t2ue/core/plan.hpp>
#include <t2ue/training/batch.hpp>

namespace t2ue {

/// How a model tells what a batch's pictures [B,S,S,3] (normalised pixels) are, [B,K]: logits whose softmax
/// has the loss's probabilities once they are multiplied by score_scale().
inline Var batch_scores(Classifier& model, const Var& pixels, const Batch&) {
  return model(pixels);
}
/// Of every picture with every caption of the batch.
inline Var batch_scores(Clip& model, const Var& pixels, const Batch& batch) {
  Graph& g = pixels.graph();
  return linear(model.encode_image(pixels), model.encode_text(g.input(batch.ids), g.input(batch.end)));
}
inline double score_scale(const Classifier&) {
  return 1;
}
inline double score_scale(const Clip& model) {
  return std::exp(static_cast<double>(model.logit_scale.value.item()));
}
/// Which of its K scores is the right one of picture `b`.
inline size_t right_score(const Classifier&, const PairDataset& data, std::span<const int64_t> items,
                          size_t b) {
  return static_cast<size_t>(data.labels[static_cast<size_t>(items[b])]);
}
inline size_t right_score(const Clip&, const PairDataset&, std::span<const int64_t>, size_t b) {
  return b;
}

/// -log softmax(scale * row)[right].
inline double softmax_loss(std::span<const float> row, double scale, size_t right) {
  const double highest = static_cast<double>(*std::max_element(row.begin(), row.end()));
  const double sum = std::accumulate(row.begin(), row.end(), 0.0, [&](double all, float score) {
    return all + std::exp(scale * (static_cast<double>(score) - highest));
  });
  return std::log(sum) - scale * (static_cast<double>(row[right]) - highest);
}

/// Fills a batch with every picture's worst draw. The model scores them in evaluation mode, so that its
/// running statistics are those of what it trains on.
template <class Model>
class WorstDraw {
 public:
  /// `record_pixels` records the batch's pictures as the model is to see them. `draws` of at least 2.
  WorstDraw(Model& model, Batch& batch, int draws, const std::function<Var(Graph&)>& record_pixels,
            const Compute& compute = {})
      : model_(model),
        batch_(batch),
        draws_(draws),
        score_(
            [this, record_pixels](Graph& g) {
              const EvalMode eval_mode(g);
              const NoGrad no_grad(g);
              scores_ = g.output(batch_scores(model_, record_pixels(g), batch_));
            },
            compute) {}
  WorstDraw(const WorstDraw&) = delete;
  WorstDraw& operator=(const WorstDraw&) = delete;

  /// As Batch::fill(), with a draw of `policy` for each picture, which is returned.
  std::vector<int> fill(const PairDataset& data, std::span<const int64_t> items, int64_t epoch, int64_t step,
                        const PicturePolicy& policy) {
    std::vector<int> worst(items.size(), 0);
    std::vector<double> most(items.size(), -std::numeric_limits<double>::infinity());
    const double scale = score_scale(model_);
    for (int draw = 0; draw < draws_; ++draw) {
      batch_.fill(data, items, epoch, step, policy, std::vector<int>(items.size(), draw));
      score_.run();
      const std::vector<float> scores = scores_.to_floats();
      const auto width = scores.size() / static_cast<size_t>(batch_.size());
      for (size_t b = 0; b < items.size(); ++b) {
        const double loss = softmax_loss(std::span(scores).subspan(b * width, width), scale,
                                         right_score(model_, data, items, b));
        if (loss <= most[b]) continue;
        most[b] = loss;
        worst[b] = draw;
      }
    }
    batch_.fill(data, items, epoch, step, policy, worst);
    return worst;
  }

 private:
  Model& model_;
  Batch& batch_;
  int draws_;
  Tensor scores_;
  Step score_;
};

}  // namespace t2ue

#pragma once

#include <t2ue/training/features.hpp>

namespace t2ue {

T2UE_INLINE DatasetPass::DatasetPass(const PairDataset& data, const Record& record, int64_t batch,
                                     const Compute& compute)
    : data_(data),
      batch_(std::min(batch, std::max<int64_t>(data.count(), 1)), data.size, std::max(data.context_length, 1),
             compute.device),
      step_(
          [this, record](Graph& g) {
            const EvalMode eval_mode(g);
            const NoGrad no_grad(g);
            output_ = g.output(record(g, normalised(g.input(batch_.images)), batch_));
          },
          compute) {}

T2UE_INLINE std::vector<float> DatasetPass::run() {
  const int64_t count = data_.count(), batch = batch_.size();
  std::vector<float> rows;
  std::vector<int64_t> items;
  for (int64_t begin = 0; begin < count; begin += batch) {
    items.clear();
    for (int64_t i = begin; i < std::min(count, begin + batch); ++i) items.push_back(i);
    batch_.fill(data_, items, 0, 0);
    step_.run();
    const std::vector<float> values = output_.to_floats();
    const auto width = values.size() / static_cast<size_t>(batch);
    rows.insert(rows.end(), values.begin(), values.begin() + static_cast<int64_t>(items.size() * width));
  }
  return rows;
}

T2UE_INLINE CaptionPass::CaptionPass(const PairDataset& data, Clip& model, int64_t batch,
                                     const Compute& compute)
    : data_(data),
      pass_(
          batch, std::max(data.context_length, 1),
          [&model](Graph&, const Var& ids, const Var& end) { return model.encode_text(ids, end); }, compute) {
}

T2UE_INLINE DatasetPass::Record image_features(Clip& model) {
  return [&model](Graph&, const Var& pixels, const Batch&) { return model.encode_image(pixels); };
}

T2UE_INLINE DatasetPass::Record class_logits(Classifier& model) {
  return [&model](Graph&, const Var& pixels, const Batch&) { return model(pixels); };
}

}  // namespace t2ue

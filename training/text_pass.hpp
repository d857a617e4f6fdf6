// Tokens through a text tower, in batches of one size: the one way that captions become features.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include <t2ue/core/compute.hpp>
#include <t2ue/core/plan.hpp>

namespace t2ue {

/// Runs `record` ([B,T] token ids, [B] end positions -> [B,D]) over any number of captions. Batches have one
/// size, because a kernel's blocking, and so a row's last bit, must not depend on how many rows there are.
class TextPass {
 public:
  using Record = std::function<Var(Graph&, const Var& ids, const Var& end)>;

  TextPass(int64_t batch, int64_t context_length, const Record& record, const Compute& compute = {})
      : ids_(Tensor::zeros({batch, context_length}, DType::i32, compute.device)),
        end_(Tensor::zeros({batch}, DType::i32, compute.device)),
        step_(
            [this, record](Graph& g) {
              const EvalMode eval_mode(g);
              const NoGrad no_grad(g);
              output_ = g.output(record(g, g.input(ids_), g.input(end_)));
            },
            compute) {}
  TextPass(const TextPass&) = delete;
  TextPass& operator=(const TextPass&) = delete;

  /// ids [N,T], end [N] -> [N,D] on the host. A row does not depend on its neighbours.
  std::vector<float> run(std::span<const int32_t> ids, std::span<const int32_t> end) {
    const auto count = static_cast<int64_t>(end.size()), batch = ids_.shape()[0], length = ids_.shape()[1];
    std::vector<float> rows;
    for (int64_t begin = 0; begin < count; begin += batch) {
      std::vector<int32_t> batch_ids, batch_end;
      for (int64_t b = 0; b < batch; ++b) {
        const int64_t row = std::min(begin + b, count - 1);  // a short last batch repeats its last caption
        batch_ids.insert(batch_ids.end(), ids.begin() + row * length, ids.begin() + (row + 1) * length);
        batch_end.push_back(end[static_cast<size_t>(row)]);
      }
      ids_.assign(batch_ids);
      end_.assign(batch_end);
      step_.run();
      const std::vector<float> values = output_.to_floats();
      const auto used = static_cast<int64_t>(values.size()) / batch * std::min(batch, count - begin);
      rows.insert(rows.end(), values.begin(), values.begin() + used);
    }
    return rows;
  }

 private:
  Tensor ids_, end_, output_;
  Step step_;
};

}  // namespace t2ue

// Searches trigger tokens in front of captions by HotFlip (Ebrahimi et al., 2018), as MEM does (Liu et al.,
// MM 2024): tokens that make CLIP's loss on a batch small.
#pragma once

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include <t2ue/core/plan.hpp>
#include <t2ue/models/clip/clip.hpp>
#include <t2ue/training/noise_batch.hpp>

namespace t2ue {

/// The token that every caption begins with, and the one it ends with, which is a tokenizer's largest.
struct CaptionMarks {
  int32_t start = 0, end = 0;
  /// How many tokens the tokenizer has. A model's embedding may have more, which mean nothing.
  int64_t words() const { return int64_t{end} + 1; }
  bool has(int32_t token) const { return token == Tokenizer::pad_token || token == start || token == end; }
};
/// Error for a data set without captions.
inline CaptionMarks caption_marks(const PairDataset& data) {
  check(!data.ids.empty() && !data.end.empty(), "trigger", "the data set has no captions to put tokens into");
  return {data.ids.front(), data.ids[static_cast<size_t>(data.end.front())]};
}

/// Triggers to begin with, [items, tokens]: any tokens of the captions' vocabulary but marks, by (seed,
/// item).
inline std::vector<int32_t> random_triggers(const PairDataset& data, int tokens, uint64_t seed) {
  const CaptionMarks marks = caption_marks(data);
  check(marks.words() > 3, "trigger", "a vocabulary of ", marks.words(), " tokens has none to search among");
  std::vector<int32_t> triggers;
  for (int64_t item = 0; item < data.count(); ++item) {
    Random random(seed, Purpose::trigger, static_cast<uint64_t>(item));
    for (int place = 0; place < tokens;) {
      const auto token = static_cast<int32_t>(random.below(static_cast<uint32_t>(marks.words())));
      if (marks.has(token)) continue;
      triggers.push_back(token);
      ++place;
    }
  }
  return triggers;
}

/// The search, on one batch after the other. The surrogate is a constant in evaluation mode.
class TriggerSearch {
 public:
  /// `pixels` records what the surrogate sees of the batch's pictures. `candidates` tokens are tried in every
  /// place of a trigger.
  TriggerSearch(Clip& model, NoiseBatch& batch, int tokens, int candidates, CaptionMarks marks,
                const std::function<Var(Graph&)>& pixels, const Compute& compute = {})
      : batch_(batch),
        tokens_(tokens),
        candidates_(candidates),
        marks_(marks),
        shift_(Tensor::zeros(
            {batch.tensors().size(), model.config.text.context_length, model.config.text.transformer.width},
            model_type(compute.precision), compute.device)),
        place_(Tensor::zeros({batch.tensors().size()}, DType::i32, compute.device)),
        look_(
            [this, &model, pixels](Graph& g) {
              const NoGrad no_grad(g);
              const EvalMode eval_mode(g);
              features_ = g.output(model.encode_image(pixels(g)));
            },
            compute),
        gradient_(
            [this, &model](Graph& g) {
              const NoGrad no_grad(g);
              const EvalMode eval_mode(g);
              // The embeddings are constants; a shift of zero has their gradient.
              const Var shift = g.input(shift_, true);
              g.backward(loss(g, model, shift));
              const Var at_place = gather_token(g.input(g.gradient(shift)), g.input(place_));
              scores_ = g.output(cast(linear(at_place, g.parameter(model.text.token_embedding)), DType::f32));
            },
            compute),
        try_(
            [this, &model](Graph& g) {
              const NoGrad no_grad(g);
              const EvalMode eval_mode(g);
              loss_ = g.output(loss(g, model, {}));
            },
            compute) {}
  TriggerSearch(const TriggerSearch&) = delete;
  TriggerSearch& operator=(const TriggerSearch&) = delete;

  /// Searches once through the places, in order: of the tokens by which the loss would fall most to first
  /// order, each row's own, those of one rank replace the present ones if the batch's loss then is smaller.
  /// `triggers` [items, tokens] of the whole set; those of the batch's items change. Returns the loss.
  float run(std::vector<int32_t>& triggers) {
    look_.run();
    batch_.show_captions(triggers, tokens_);
    try_.run();
    float best = loss_.item();
    for (int place = 0; place < tokens_; ++place) {
      place_.assign(std::vector<int32_t>(static_cast<size_t>(batch_.tensors().size()), place + 1));
      gradient_.run();
      const std::vector<int32_t> ranked = ranked_tokens(scores_.to_vector<float>());
      for (int rank = 0; rank < candidates_; ++rank) {
        std::vector<int32_t> before;
        for (size_t b = 0; b < batch_.items().size(); ++b) {
          int32_t& token = triggers[slot(b, place)];
          before.push_back(token);
          token = ranked[b * static_cast<size_t>(candidates_) + static_cast<size_t>(rank)];
        }
        batch_.show_captions(triggers, tokens_);
        try_.run();
        if (const float loss = loss_.item(); loss < best) {
          best = loss;
          continue;
        }
        for (size_t b = 0; b < before.size(); ++b) triggers[slot(b, place)] = before[b];
      }
      batch_.show_captions(triggers, tokens_);
    }
    return best;
  }

 private:
  static DType model_type(Precision precision) {
    return precision == Precision::bf16 ? DType::bf16 : DType::f32;
  }
  size_t slot(size_t b, int place) const {
    return static_cast<size_t>(batch_.items()[b]) * static_cast<size_t>(tokens_) + static_cast<size_t>(place);
  }

  Var loss(Graph& g, Clip& model, const Var& shift) {
    Var x = model.text.embed(g.input(batch_.tensors().ids));
    if (shift) x = add(x, shift);
    const Var text = l2_normalize(model.text.read(x, g.input(batch_.tensors().end)));
    return info_nce(g.input(features_), text, g.parameter(model.logit_scale));
  }

  /// For every row of scores [B, vocabulary] the tokens of the smallest ones, the smallest first and the
  /// lower number of equals; padding, start and end are none.
  std::vector<int32_t> ranked_tokens(const std::vector<float>& scores) const {
    const auto batch = static_cast<size_t>(batch_.tensors().size()), width = scores.size() / batch,
               words = std::min(width, static_cast<size_t>(marks_.words()));
    const auto count = static_cast<size_t>(candidates_);
    check(words >= count + 3, "trigger", "a vocabulary of ", words, " tokens has fewer than ", candidates_,
          " to try");
    std::vector<int32_t> ranked;
    std::vector<int32_t> order(words);
    for (size_t b = 0; b < batch; ++b) {
      const float* row = scores.data() + b * width;
      check(std::all_of(row, row + words, [](float score) { return std::isfinite(score); }), "trigger",
            "the gradient of the loss is not finite; lower the surrogate's rate or look at the data");
      std::iota(order.begin(), order.end(), 0);
      const auto smaller = [&](int32_t one, int32_t two) {
        return row[one] != row[two] ? row[one] < row[two] : one < two;
      };
      const auto enough = order.begin() + static_cast<int64_t>(count + 3);
      std::partial_sort(order.begin(), enough, order.end(), smaller);
      size_t taken = 0;
      for (auto token = order.begin(); token != enough && taken < count; ++token) {
        if (marks_.has(*token)) continue;
        ranked.push_back(*token);
        ++taken;
      }
    }
    return ranked;
  }

  NoiseBatch& batch_;
  int tokens_, candidates_;
  CaptionMarks marks_;
  Tensor shift_, place_, features_, scores_, loss_;
  Step look_, gradient_, try_;
};

}  // namespace t2ue

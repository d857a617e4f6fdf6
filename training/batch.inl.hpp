#pragma once

#include <t2ue/training/batch.hpp>

namespace t2ue {

T2UE_INLINE Batch::Batch(int64_t batch, int64_t size, int64_t context_length, Device device, bool cuts_boxes)
    : images({batch, size, size, 3}, DType::u8, device),
      ids(Tensor::zeros({batch, context_length}, DType::i32, device)),
      end(Tensor::zeros({batch}, DType::i32, device)),
      labels(Tensor::zeros({batch}, DType::i32, device)),
      counter(Tensor::zeros({1}, DType::i32, device)),
      share(Tensor::zeros({1}, DType::f32, device)),
      shift(Tensor::zeros({1}, DType::i32, device)),
      box(Tensor::zeros({4}, DType::i32, device)),
      cuts(cuts_boxes) {}

T2UE_INLINE void Batch::fill(const PairDataset& data, std::span<const int64_t> items, int64_t epoch,
                             int64_t step, const PicturePolicy& policy, std::span<const int> draws) {
  check(!items.empty() && static_cast<int64_t>(items.size()) <= size(), "batch", items.size(), " items for ",
        size(), " places");
  check(data.size == images.shape()[1], "batch", "pictures are ", data.size, " pixels wide, the step wants ",
        images.shape()[1]);
  const bool texts = !data.ids.empty();
  check(!texts || data.context_length == ids.shape()[1], "batch", "texts have ", data.context_length,
        " tokens, the step wants ", ids.shape()[1]);
  const std::span<uint8_t> pictures = images_in_.begin<uint8_t>();
  auto pixel = pictures.begin();
  const std::span<int32_t> classes = labels_in_.begin<int32_t>();
  std::span<int32_t> ends, tokens;
  if (texts) ends = end_in_.begin<int32_t>();
  if (texts) tokens = ids_in_.begin<int32_t>();
  for (size_t b = 0; b < classes.size(); ++b) {
    const int64_t item = items[std::min(b, items.size() - 1)];
    const auto picture = data.picture(item);
    pixel = std::copy(picture.begin(), picture.end(), pixel);
    classes[b] = data.labels[static_cast<size_t>(item)];
    if (!texts) continue;
    const int64_t row = data.caption_row(item, epoch), length = data.context_length;
    std::copy_n(data.ids.begin() + row * length, length, tokens.begin() + static_cast<int64_t>(b) * length);
    ends[b] = data.end[static_cast<size_t>(row)];
  }
  policy.apply_to_all(pictures, data.size, static_cast<uint64_t>(step) * static_cast<uint64_t>(size()),
                      draws);
  images_in_.commit();
  labels_in_.commit();
  if (texts) end_in_.commit();
  if (texts) ids_in_.commit();
  counter_in_.begin<int32_t>()[0] = static_cast<int32_t>(step);
  counter_in_.commit();
}

T2UE_INLINE void Batch::draw_mixture(float alpha, uint64_t seed, int64_t step) {
  if (alpha == 0.0f) return;
  Random random(seed, Purpose::mixup, static_cast<uint64_t>(step));
  const auto others = static_cast<uint32_t>(std::max<int64_t>(size() - 1, 1));
  shift_in_.begin<int32_t>()[0] = static_cast<int32_t>(1 + random.below(others));
  shift_in_.commit();
  share_in_.begin<float>()[0] = beta_draw(random, static_cast<double>(alpha));
  share_in_.commit();
}

T2UE_INLINE void Batch::draw_box(float alpha, uint64_t seed, int64_t step) {
  if (alpha == 0.0f) return;
  Random random(seed, Purpose::cutmix, static_cast<uint64_t>(step));
  const auto others = static_cast<uint32_t>(std::max<int64_t>(size() - 1, 1));
  shift_in_.begin<int32_t>()[0] = static_cast<int32_t>(1 + random.below(others));
  shift_in_.commit();
  const auto side = static_cast<int32_t>(images.shape()[1]);
  const float edge = std::sqrt(1.0f - beta_draw(random, static_cast<double>(alpha)));
  const auto length = static_cast<int32_t>(edge * static_cast<float>(side));
  const std::span<int32_t> edges = box_in_.begin<int32_t>();
  for (const size_t axis : {size_t{0}, size_t{2}}) {
    const int32_t from = static_cast<int32_t>(random.below(static_cast<uint32_t>(side))) - length / 2;
    edges[axis] = std::max(from, 0);
    edges[axis + 1] = std::min(from + length, side);
  }
  const int32_t cut = (edges[1] - edges[0]) * (edges[3] - edges[2]), area = side * side;
  box_in_.commit();
  share_in_.begin<float>()[0] = static_cast<float>(area - cut) / static_cast<float>(area);
  share_in_.commit();
}

T2UE_INLINE BatchOrder::BatchOrder(int64_t items, int64_t batch, uint64_t seed)
    : items_(items), batch_(batch), seed_(seed) {
  check(items >= batch && batch >= 1, "batch", "a batch of ", batch,
        " needs at least as many items, there are ", items);
}

T2UE_INLINE std::span<const int64_t> BatchOrder::at(int64_t step) {
  const int64_t epoch = epoch_of(step);
  if (epoch != epoch_) order_ = shuffled_order(items_, seed_, static_cast<uint64_t>(epoch));
  epoch_ = epoch;
  return std::span<const int64_t>(order_).subspan(static_cast<size_t>(step % steps_per_epoch() * batch_),
                                                  static_cast<size_t>(batch_));
}

T2UE_INLINE Var training_loss(Clip& model, const Var& pixels, const Batch& batch, bool mixed) {
  check(!mixed, "train",
        "mixup and CutMix mix labels, and CLIP learns from captions; set mixup_alpha and cutmix_alpha to 0");
  Graph& g = pixels.graph();
  return model.loss(pixels, g.input(batch.ids), g.input(batch.end));
}

T2UE_INLINE Var training_loss(Classifier& model, const Var& pixels, const Batch& batch, bool mixed) {
  Graph& g = pixels.graph();
  if (!mixed) return cross_entropy(model(pixels), g.input(batch.labels));
  const Mixture mix{g.input(batch.share), g.input(batch.shift), batch.cuts ? g.input(batch.box) : Var{}};
  return cross_entropy(model(mixup(pixels, mix)), g.input(batch.labels), mix);
}

T2UE_INLINE void record_constraints(Graph& g, Clip& model) {
  g.launch(ClampArgs{g.parameter(model.logit_scale), 0.0f, 4.6051702f});
}

}  // namespace t2ue

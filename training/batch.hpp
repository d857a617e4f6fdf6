// Batches: tensors of fixed shape that a training step reads, filled anew before every run.
#pragma once

#include <span>

#include <t2ue/core/beta.hpp>
#include <t2ue/core/config.hpp>
#include <t2ue/core/ops/ops.hpp>
#include <t2ue/core/staged_copy.hpp>
#include <t2ue/data/image/picture_policy.hpp>
#include <t2ue/data/records/pair_dataset.hpp>
#include <t2ue/models/classifiers/classifier.hpp>
#include <t2ue/models/clip/clip.hpp>

namespace t2ue {

/// Pictures u8 [B,S,S,3], token ids [B,T], end positions [B], labels [B], the number of the step, and how
/// it is mixed: as in Mixture, with its box if `cuts`. They are filled through StagedCopy: on a GPU while it
/// works on the batch before.
struct Batch {
  Tensor images, ids, end, labels, counter, share, shift, box;
  bool cuts;

  Batch(int64_t batch, int64_t size, int64_t context_length, Device device, bool cuts_boxes = false);

  int64_t size() const { return images.shape()[0]; }

  /// Copies items in; short lists are filled up with the last item. A dataset without token ids leaves ids
  /// alone. `policy` changes the pictures, each by its place among those of all steps; `draws`: which of its
  /// draws, one a picture of a full batch, none: the first.
  void fill(const PairDataset& data, std::span<const int64_t> items, int64_t epoch, int64_t step,
            const PicturePolicy& policy = {}, std::span<const int> draws = {});

  /// Draws the mixture of step `step` by (seed, step): share from Beta(alpha, alpha), shift from 1..B-1, all
  /// alike. Nothing if alpha is 0. Drawn here and not by a kernel: what powers and logarithms decide must not
  /// depend on whose they are, and it is two numbers a step.
  void draw_mixture(float alpha, uint64_t seed, int64_t step);

  /// The same for CutMix (Yun et al., 2019): the box has the part 1 - Beta(alpha, alpha) of the area, its
  /// centre is any pixel, what of it lies outside the picture is lost, and share is what is left of one's
  /// own.
  void draw_box(float alpha, uint64_t seed, int64_t step);

 private:
  StagedCopy images_in_{images}, ids_in_{ids}, end_in_{end}, labels_in_{labels}, counter_in_{counter},
      share_in_{share}, shift_in_{shift}, box_in_{box};
};

/// Which items step `step` of a run reads: each epoch is a fresh permutation by (seed, epoch), its incomplete
/// last batch left out. Depends on nothing but its arguments, so a resumed run reads what an uninterrupted
/// one would.
class BatchOrder {
 public:
  BatchOrder(int64_t items, int64_t batch, uint64_t seed);
  int64_t steps_per_epoch() const { return items_ / batch_; }
  int64_t epoch_of(int64_t step) const { return step / steps_per_epoch(); }
  std::span<const int64_t> at(int64_t step);

 private:
  int64_t items_, batch_;
  uint64_t seed_;
  int64_t epoch_ = -1;
  std::vector<int64_t> order_;
};

/// How a model learns from pictures: CLIP from pairs, a classifier from labels. `pixels` [B,S,S,3] are
/// normalised. `mixed`: pictures and labels are mixed by the batch's mixture; Error for CLIP, whose captions
/// cannot be.
Var training_loss(Clip& model, const Var& pixels, const Batch& batch, bool mixed);
Var training_loss(Classifier& model, const Var& pixels, const Batch& batch, bool mixed);

/// What keeps a model within bounds after an update: CLIP's logit_scale stays in [0, ln 100].
void record_constraints(Graph& g, Clip& model);
inline void record_constraints(Graph&, Classifier&) {}

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/training/batch.inl.hpp>
#endif

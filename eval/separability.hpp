// How well a linear model tells classes by the noise alone (Yu et al., "Availability attacks create
// shortcuts", 2022).
#pragma once

#include <cstdint>

#include <t2ue/core/config.hpp>
#include <t2ue/data/records/pair_dataset.hpp>

namespace t2ue {

/// Accuracies of a logistic regression on noises, per cent. That on noises it was not trained on tells a
/// shortcut from what was only learned by heart.
struct Separability {
  double train = 0;
  double held_out = 0;
};

/// The noises are published - original, in steps; the model is trained on one half of them, drawn by the
/// seed, and measured on both. At most 20,000 pictures take part. Error unless both have the same keys and
/// size, at least two pictures, and a class for each.
Separability linear_separability(const PairDataset& originals, const PairDataset& published, uint64_t seed);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/eval/separability.inl.hpp>
#endif

// The trainers of the library's own models. In compiled mode they are instantiated once, in the library.
#pragma once

#include <t2ue/core/config.hpp>
#include <t2ue/training/trainer.hpp>

namespace t2ue {

using ClipTrainer = Trainer<Clip>;
using ClassifierTrainer = Trainer<Classifier>;

#if T2UE_COMPILED
extern template class Trainer<Clip>;
extern template Trainer<Clip>::Trainer(const ClipConfig&, const TrainRecipe&, const PairDataset&,
                                       const Compute&);
extern template class Trainer<Classifier>;
extern template Trainer<Classifier>::Trainer(const ClassifierConfig&, const TrainRecipe&, const PairDataset&,
                                             const Compute&);
#endif

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/training/trainer.inl.hpp>
#endif

#pragma once

#include <t2ue/training/trainer.inl.hpp>
#include <t2ue/training/trainers.hpp>

namespace t2ue {

#if T2UE_COMPILED
template class Trainer<Clip>;
template Trainer<Clip>::Trainer(const ClipConfig&, const TrainRecipe&, const PairDataset&, const Compute&);
template class Trainer<Classifier>;
template Trainer<Classifier>::Trainer(const ClassifierConfig&, const TrainRecipe&, const PairDataset&,
                                      const Compute&);
#endif

}  // namespace t2ue

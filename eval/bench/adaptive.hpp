// The attacker who knows everything but the owner's seed: zero contact is not secrecy (pitfall 33 of
// docs/honesty.md).
#pragma once

#include <t2ue/core/config.hpp>
#include <t2ue/data/records/pair_dataset.hpp>
#include <t2ue/eval/bench/plan_methods.hpp>

namespace t2ue {

/// adaptive_defence: what a method's noise is guessed to be and taken away again: the attacker has the
/// published pictures with their captions and classes, the method with its options and budget and, where
/// there is one, its generator, but another seed. He takes his noise from every picture (he cannot know which
/// are protected) and cuts to [0, 255]. Clean pictures stay as they are: nobody attacks them.
void subtract_guess(PairDataset& published, const PlanMethod& method, const BenchContext& context);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/eval/bench/adaptive.inl.hpp>
#endif

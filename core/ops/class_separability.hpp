// How hard it is to tell classes of vectors apart.
#pragma once

#include <t2ue/core/config.hpp>
#include <t2ue/core/graph.hpp>
#include <t2ue/core/ops/linear.hpp>

namespace t2ue {

/// The mean over ordered pairs of classes that are there of (spread_i + spread_j) / |centre_i - centre_j| for
/// x f32 [B,V] with labels i32 [B] in -1..classes-1, -1 taking no part (ClassSeparabilityArgs has the rest).
/// From the products of all pairs of rows, so that cost and gradient beyond one matrix product are B x B.
/// Centres that coincide count as 1e-6 apart, without a gradient.
Var class_separability(const Var& x, const Var& labels, int64_t classes);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/core/ops/class_separability.inl.hpp>
#endif

// Noise kept in a table: gathering the rows of a batch, and the signed-gradient step on them.
#pragma once

#include <t2ue/core/config.hpp>
#include <t2ue/core/graph.hpp>

namespace t2ue {

namespace detail {
/// Error unless `rows` is absent, where the table has a row for every place, or names one for each.
void check_rows(const char* where, const Shape& table, const Var& rows, const Shape& batch);
}  // namespace detail

/// Writes table[rows[b]] to y[b], zeros where rows[b] is -1.  table [R,..], rows i32 [B], y [B,..], all f32.
/// No gradient flows to the table: what is to have one is y, if it is an input.
void gather_rows_into(const Var& table, const Var& rows, const Var& y);
/// The same into a new value.
Var gather_rows(const Var& table, const Var& rows);

/// Moves the rows that a batch shows by `step` along the sign of their gradient, within +-limit and, given
/// the pictures, within [0,1] of picture and noise (SignStepArgs has the formula). step > 0 ascends.  table
/// [R,..] and grad [B,..] f32; rows i32 [B], or absent where every place has its own row; picture [B,..] or
/// absent. Error for other shapes, for a limit outside [0,1], or a step that is not finite.
void sign_step(const Var& table, const Var& rows, const Var& grad, const Var& picture, float step,
               float limit);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/core/ops/noise_rows.inl.hpp>
#endif

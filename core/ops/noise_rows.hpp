// Noise that is kept in a table: the rows that a batch shows, and their signed-gradient step.
#pragma once

#include <t2ue/core/graph.hpp>

namespace t2ue {

namespace detail {
/// Error unless `rows` is absent, where the table has a row for every place, or names one for each.
inline void check_rows(const char* where, const Shape& table, const Var& rows, const Shape& batch) {
  bool fits = table.rank() >= 1 && table.rank() == batch.rank() &&
              (rows ? rows.dtype() == DType::i32 && rows.shape() == Shape{batch[0]} : table == batch);
  for (int i = 1; fits && i < table.rank(); ++i) fits = table[i] == batch[i];
  check(fits, where, "expected table [R,..], rows i32 [B] and batch [B,..], got ", table, ", ",
        rows ? rows.shape() : Shape{}, " and ", batch);
}
}  // namespace detail

/// Writes table[rows[b]] to y[b], zeros where rows[b] is -1.  table [R,..], rows i32 [B], y [B,..], all f32.
/// No gradient flows to the table: what is to have one is y, if it is an input.
inline void gather_rows_into(const Var& table, const Var& rows, const Var& y) {
  check(static_cast<bool>(rows), "gather_rows", "needs the rows to gather");
  detail::check_rows("gather_rows", table.shape(), rows, y.shape());
  check_types("gather_rows", table, {y});
  table.graph().launch(GatherRowsArgs{table, rows, y});
}
/// The same into a new value.
inline Var gather_rows(const Var& table, const Var& rows) {
  check(rows && rows.shape().rank() == 1, "gather_rows", "expected rows i32 [B], got ",
        rows ? rows.shape() : Shape{});
  Shape shape{rows.shape()[0]};
  for (int i = 1; i < table.shape().rank(); ++i) shape.push_back(table.shape()[i]);
  const Var y = table.graph().value(shape);
  gather_rows_into(table, rows, y);
  return y;
}

/// Moves the rows that a batch shows by `step` along the sign of their gradient, within +-limit and, given
/// the pictures, within [0,1] of picture and noise (SignStepArgs has the formula). step > 0 ascends.  table
/// [R,..] and grad [B,..] f32; rows i32 [B], or absent where every place has its own row; picture [B,..] or
/// absent. Error for other shapes, for a limit outside [0,1], or a step that is not finite.
inline void sign_step(const Var& table, const Var& rows, const Var& grad, const Var& picture, float step,
                      float limit) {
  detail::check_rows("sign_step", table.shape(), rows, grad.shape());
  check_types("sign_step", table, {grad});
  check(!picture || picture.shape() == grad.shape(), "sign_step", "the picture is ",
        picture ? picture.shape() : Shape{}, ", the gradient ", grad.shape());
  check(limit >= 0.0f && limit <= 1.0f && step >= -1.0f && step <= 1.0f, "sign_step",
        "limit and step are in [0,1] pixel units, got ", limit, " and ", step);
  table.graph().launch(SignStepArgs{table, rows, grad, picture, step, limit});
}

}  // namespace t2ue

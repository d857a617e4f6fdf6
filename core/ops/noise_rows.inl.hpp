#pragma once

#include <t2ue/core/ops/noise_rows.hpp>

namespace t2ue {

namespace detail {

T2UE_INLINE void check_rows(const char* where, const Shape& table, const Var& rows, const Shape& batch) {
  bool fits = table.rank() >= 1 && table.rank() == batch.rank() &&
              (rows ? rows.dtype() == DType::i32 && rows.shape() == Shape{batch[0]} : table == batch);
  for (int i = 1; fits && i < table.rank(); ++i) fits = table[i] == batch[i];
  check(fits, where, "expected table [R,..], rows i32 [B] and batch [B,..], got ", table, ", ",
        rows ? rows.shape() : Shape{}, " and ", batch);
}

}  // namespace detail

T2UE_INLINE void gather_rows_into(const Var& table, const Var& rows, const Var& y) {
  check(static_cast<bool>(rows), "gather_rows", "needs the rows to gather");
  detail::check_rows("gather_rows", table.shape(), rows, y.shape());
  check_types("gather_rows", table, {y});
  table.graph().launch(GatherRowsArgs{table, rows, y});
}

T2UE_INLINE Var gather_rows(const Var& table, const Var& rows) {
  check(rows && rows.shape().rank() == 1, "gather_rows", "expected rows i32 [B], got ",
        rows ? rows.shape() : Shape{});
  Shape shape{rows.shape()[0]};
  for (int i = 1; i < table.shape().rank(); ++i) shape.push_back(table.shape()[i]);
  const Var y = table.graph().value(shape);
  gather_rows_into(table, rows, y);
  return y;
}

T2UE_INLINE void sign_step(const Var& table, const Var& rows, const Var& grad, const Var& picture, float step,
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

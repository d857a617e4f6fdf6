#pragma once

#include <t2ue/core/ops/info_nce.hpp>

namespace t2ue {

T2UE_INLINE Var info_nce(const Var& image, const Var& text, const Var& logit_scale, int64_t tile_bytes) {
  check(image.shape().rank() == 2 && image.shape() == text.shape() && logit_scale.shape() == Shape{1},
        "info_nce", "expected image and text [B,D] and logit_scale [1], got ", image.shape(), ", ",
        text.shape(), ", ", logit_scale.shape());
  check(image.dtype() == DType::f32, "info_nce", "takes f32 features, got ", name_of(image.dtype()));
  check_types("info_nce", image, {text}, {logit_scale});
  const int64_t batch = image.shape()[0];
  check(batch > 0, "info_nce", "the batch is empty: ", image.shape());
  Graph& g = image.graph();
  const int64_t bytes_of_row = batch * static_cast<int64_t>(size_of(DType::f32));
  const Shape tile{std::clamp<int64_t>(tile_bytes / bytes_of_row, 1, batch), batch};
  const Var row_lse = g.value({batch}), column_lse = g.value({batch}), loss = g.value({1});
  g.launch(InfoNceArgs{image, text, logit_scale, g.value(tile), row_lse, column_lse, loss});
  g.differentiate({loss}, {image, text, logit_scale}, [=, &g] {
    // Of one set of features with itself the tiles' rows of dimage are added to a dtext that is whole.
    const GradView dtext = g.grad(text), dimage = g.grad(image);
    g.launch(InfoNceGradArgs{image, text, logit_scale, row_lse, column_lse, g.grad_of(loss), g.value(tile),
                             dimage, dtext, g.grad(logit_scale)});
  });
  return loss;
}

}  // namespace t2ue

#pragma once

#include <t2ue/core/ops/embedding.hpp>

namespace t2ue {

T2UE_INLINE Var embedding(const Var& ids, const Var& table, const Var& position) {
  const Shape &is = ids.shape(), &ts = table.shape();
  check(is.rank() == 2 && ids.dtype() == DType::i32 && ts.rank() == 2 &&
            position.shape() == Shape({is[1], ts[1]}),
        "embedding", "expected ids i32 [B,T], table [V,C], position [T,C], got ", is, ", ", ts, ", ",
        position.shape());
  check_types("embedding", table, {position});
  Graph& g = ids.graph();
  const Var y = g.value({is[0], is[1], ts[1]}, table.dtype());
  g.launch(EmbeddingArgs{ids, table, position, y});
  g.differentiate({y}, {table, position}, [=, &g] {
    g.launch(EmbeddingGradArgs{ids, g.grad_of(y), g.grad(table), g.grad(position)});
  });
  return y;
}

T2UE_INLINE Var prepend_token(const Var& x, const Var& token, const Var& position) {
  const Shape& s = x.shape();
  check(s.rank() == 3 && (token.shape() == Shape{s[2]} || token.shape() == Shape({s[0], s[2]})) &&
            position.shape() == Shape({s[1] + 1, s[2]}),
        "prepend_token", "expected x [N,T,C], token [C] or [N,C], position [T+1,C], got ", s, ", ",
        token.shape(), ", ", position.shape());
  if (token.shape().rank() == 1)
    check_types("prepend_token", x, {position}, {token});
  else
    check_types("prepend_token", x, {position, token});
  Graph& g = x.graph();
  const Var y = g.value({s[0], s[1] + 1, s[2]}, x.dtype());
  g.launch(PrependTokenArgs{x, token, position, y});
  g.differentiate({y}, {x, token, position}, [=, &g] {
    g.launch(PrependTokenGradArgs{g.grad_of(y), g.grad(x), g.grad(token), g.grad(position)});
  });
  return y;
}

T2UE_INLINE Var gather_token(const Var& x, const Var& index) {
  const Shape& s = x.shape();
  check(s.rank() == 3 && (!index || (index.dtype() == DType::i32 && index.shape() == Shape{s[0]})),
        "gather_token", "expected x [B,T,C] and index i32 [B], got ", s, " and ",
        index ? index.shape() : Shape{});
  Graph& g = x.graph();
  const Var y = g.value({s[0], s[2]}, x.dtype());
  g.launch(GatherTokenArgs{x, index, y});
  g.differentiate({y}, {x}, [=, &g] { g.launch(GatherTokenGradArgs{index, g.grad_of(y), g.grad(x)}); });
  return y;
}

}  // namespace t2ue

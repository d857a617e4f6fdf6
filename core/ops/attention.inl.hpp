#pragma once

#include <t2ue/core/ops/attention.hpp>

namespace t2ue {

T2UE_INLINE Var attention(const Var& qkv, int heads, bool causal) {
  check(qkv.shape().rank() == 3 && heads >= 1 && qkv.shape()[2] % (3 * int64_t{heads}) == 0, "attention",
        "expected qkv [B,T,3*C] with C divisible by ", heads, " heads, got ", qkv.shape());
  Graph& g = qkv.graph();
  const int64_t batch = qkv.shape()[0], tokens = qkv.shape()[1];
  const Var out = g.value({batch, tokens, qkv.shape()[2] / 3}, qkv.dtype()),
            lse = g.value({batch, heads, tokens});
  g.launch(AttentionArgs{qkv, out, lse, heads, causal});
  g.differentiate({out}, {qkv}, [=, &g] {
    g.launch(AttentionGradArgs{qkv, out, lse, g.grad_of(out), g.grad(qkv), heads, causal});
  });
  return out;
}

}  // namespace t2ue

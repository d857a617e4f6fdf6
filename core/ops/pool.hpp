// Pooling: over windows, and over a whole sequence or map.
#pragma once

#include <t2ue/core/config.hpp>
#include <t2ue/core/graph.hpp>

namespace t2ue {

/// Which windows a pooling has: those that lie within the padded map, or one more along a side where pixels
/// would be left over, cut off at the map's end (PyTorch's ceil_mode).
enum class PoolEnd : uint8_t { whole, cut };

/// Windows of `size` every `stride` over x [N,H,W,C]; the average counts real pixels only.
Var pool2d(const Var& x, Pooling kind, int size, int stride, int pad = 0, PoolEnd end = PoolEnd::whole);

/// Mean over tokens: x [N,T,C] -> [N,C]. A map [N,H,W,C] is reshaped to [N,H*W,C] first.
Var mean_pool(const Var& x);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/core/ops/pool.inl.hpp>
#endif

// Resizes positional embeddings for another picture size.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <t2ue/core/config.hpp>

namespace t2ue {

/// `positions` [1 + from * from, channels], the class token's and those of a square grid row by row, for a
/// grid of `to` x `to`: the class token's row as it is, the others by cubic convolution with a = -0.5 (Keys
/// 1981) sampled at cell centres, the kernel as much wider as the grid becomes coarser, weights outside the
/// grid left out. It is what open_clip's resize_pos_embed does (interpolate with mode="bicubic",
/// antialias=True).
std::vector<float> resize_positions(std::span<const float> positions, int64_t from, int64_t to,
                                    int64_t channels);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/models/weights/positions.inl.hpp>
#endif

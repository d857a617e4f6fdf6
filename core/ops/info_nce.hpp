// CLIP's contrastive loss, in memory that grows with the batch and not with its square.
#pragma once

#include <algorithm>

#include <t2ue/core/config.hpp>
#include <t2ue/core/graph.hpp>

namespace t2ue {

/// The most bytes of logits that exist at once: 1024 rows of CLIP's global batch of 32,768, all of a batch of
/// up to 5792. More tiles mean more passes over the gradient of `text`.
inline constexpr int64_t info_nce_tile_bytes = int64_t{128} << 20;

/// Symmetric InfoNCE (T2UE Eq. 4): mean of the picture-to-text and text-to-picture cross-entropies of
/// exp(logit_scale) * image text^T with the diagonal as targets.  image, text [B,D] of unit norm, logit_scale
/// [1]; returns [1]. Chance is ln B, so a value means nothing without its B. The logits are computed a tile
/// of rows at a time, once more for the gradient; `tile_bytes` bounds a tile, which has at least one row.
Var info_nce(const Var& image, const Var& text, const Var& logit_scale,
             int64_t tile_bytes = info_nce_tile_bytes);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/core/ops/info_nce.inl.hpp>
#endif

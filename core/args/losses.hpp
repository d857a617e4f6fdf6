// Arguments of the ops that compare rows of features: losses and ranks. core/kernels.hpp explains `visit` and
// how shapes are written.
#pragma once

#include <cstdint>

#include <t2ue/core/view.hpp>

namespace t2ue {

/// y = x / max(|x|, 1e-12) for each row of x [M,C]; inv_norm [M].
struct L2NormalizeArgs {
  View x, y, inv_norm;
  void visit(auto&& v) { v.read(x), v.write(y, inv_norm); }
};
struct L2NormalizeGradArgs {
  View y, inv_norm, dy;
  GradView dx;
  void visit(auto&& v) { v.read(y, inv_norm, dy), v.grad(dx); }
};

/// Symmetric InfoNCE over the batch (T2UE Eq. 4): logits = exp(logit_scale) * image text^T, loss = mean of
/// the two cross-entropies with the diagonal as targets.  image, text [B,D] of unit norm, logit_scale [1],
/// row_lse, column_lse [B], loss [1]. tile: workspace [R,B], R <= B; the logits pass through it R rows at a
/// time and are kept nowhere.
struct InfoNceArgs {
  View image, text, logit_scale, tile, row_lse, column_lse, loss;
  void visit(auto&& v) { v.read(image, text, logit_scale), v.write(tile, row_lse, column_lse, loss); }
};
/// Each tile of logits is computed again and becomes its own gradient. dimage and dtext may be one buffer, of
/// which dtext is the first contribution.
struct InfoNceGradArgs {
  View image, text, logit_scale, row_lse, column_lse, dloss, tile;
  GradView dimage, dtext, dlogit_scale;
  void visit(auto&& v) {
    v.read(image, text, logit_scale, row_lse, column_lse, dloss);
    v.write(tile), v.grad(dimage, dtext, dlogit_scale);
  }
};

/// Mean cross-entropy.  logits [B,K], labels i32 [B], lse [B], loss [1]. share [1] and shift i32 [1] as in
/// MixupArgs: row i has label labels[i] by `share` and labels[(i+shift) mod B] by the rest. Without them, the
/// former alone.
struct CrossEntropyArgs {
  View logits, labels, share, shift, lse, loss;
  void visit(auto&& v) { v.read(logits, labels, share, shift), v.write(lse, loss); }
};
struct CrossEntropyGradArgs {
  View logits, labels, share, shift, lse, dloss;
  GradView dlogits;
  void visit(auto&& v) { v.read(logits, labels, share, shift, lse, dloss), v.grad(dlogits); }
};

/// How badly classes of vectors are told apart (Davies-Bouldin; TUE's CSD, Ren et al., 2023): the mean over
/// ordered pairs of different classes that are there of (spread_i + spread_j) / |centre_i - centre_j|, spread
/// being the mean distance from the centre; 0 for fewer than two classes.  gram [B,B], the vectors' products;
/// labels i32 [B] in -1..K-1, -1 taking no part; loss [1]. Kept for the gradient: count [K], sums [B,K] of a
/// row of gram by class, dots [K,K] of centres, radius [B], spread [K].
struct ClassSeparabilityArgs {
  View gram, labels, count, sums, dots, radius, spread, loss;
  void visit(auto&& v) { v.read(gram, labels), v.write(count, sums, dots, radius, spread, loss); }
};
/// pull [B], slopes [K,K]: workspace, the loss by a squared radius and by a product of centres.
struct ClassSeparabilityGradArgs {
  View labels, count, dots, radius, spread, dloss, pull, slopes;
  GradView dgram;
  void visit(auto&& v) {
    v.read(labels, count, dots, radius, spread, dloss), v.write(pull, slopes), v.grad(dgram);
  }
};

/// Where each query's partners stand in a gallery, by dot product.  queries [Q,D], gallery [G,D] f32; a
/// gallery row is a query's partner where query_owner i32 [Q] and gallery_owner i32 [G] agree; every query
/// has one.  counts i32 [Q,3]: of the partners those that have the best partner's score; of the others those
/// that score higher, and those that score the same. Equal rows get equal scores. No scores are stored.
struct RetrievalCountsArgs {
  View queries, gallery, query_owner, gallery_owner, counts;
  void visit(auto&& v) { v.read(queries, gallery, query_owner, gallery_owner), v.write(counts); }
};

}  // namespace t2ue

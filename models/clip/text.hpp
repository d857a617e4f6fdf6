// CLIP's text tower.
#pragma once

#include <t2ue/core/config.hpp>
#include <t2ue/core/fields.hpp>
#include <t2ue/models/transformer.hpp>

namespace t2ue {

struct TextConfig {
  int64_t context_length = 77;
  int64_t vocab_size = 49408;
  TransformerConfig transformer{512, 12, 8, Activation::gelu, true};
  int64_t embed_dim = 512;

  /// Those of open_clip's "text_cfg"; the others stand beside it there.
  void tower_fields(FieldList& f);
  void fields(FieldList& f);
};

/// Token ids to features: causal transformer, read at the end-of-text token, projected.
struct TextTower {
  Parameter token_embedding, positional_embedding;
  Transformer transformer;
  LayerNorm ln_final;
  Parameter text_projection;  ///< [embed_dim, width]: the transpose of open_clip's

  explicit TextTower(const TextConfig& c);

  /// ids i32 [B,T], end i32 [B] (position of the end-of-text token) -> [B,embed_dim], not normalised.
  Var operator()(const Var& ids, const Var& end) { return read(embed(ids), end); }
  /// Its first part: tokens with their places, [B,T,width].
  Var embed(const Var& ids);
  /// The rest of it.
  Var read(const Var& x, const Var& end);
  void visit(auto&& f) {
    f("token_embedding.weight", token_embedding), f("positional_embedding", positional_embedding);
    f("transformer", transformer), f("ln_final", ln_final), f("text_projection", text_projection);
  }
};

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/models/clip/text.inl.hpp>
#endif

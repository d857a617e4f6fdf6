// The pre-norm transformer of both CLIP towers; names as in open_clip.
#pragma once

#include <vector>

#include <t2ue/core/config.hpp>
#include <t2ue/models/layers.hpp>

namespace t2ue {

/// Width, depth, heads and non-linearity of a transformer.
struct TransformerConfig {
  int64_t width = 512;
  int layers = 12;
  int heads = 8;
  Activation activation = Activation::gelu;
  bool causal = false;
};

/// Multi-head self-attention with packed projections.
struct SelfAttention {
  Parameter in_proj_weight, in_proj_bias;
  Linear out_proj;
  int heads = 1;
  bool causal = false;

  SelfAttention(const TransformerConfig& c, float output_deviation);

  /// x [B,T,C] -> what every token gathers from the others, [B,T,C]; `out_proj` has yet to mix the heads.
  Var gathered(const Var& x);
  void visit(auto&& f) {
    f("in_proj_weight", in_proj_weight), f("in_proj_bias", in_proj_bias), f("out_proj", out_proj);
  }
};

/// Two linear layers around the non-linearity, four times as wide inside.
struct Mlp {
  Linear c_fc, c_proj;
  Activation activation;

  Mlp(const TransformerConfig& c, float output_deviation);

  Var operator()(const Var& x) { return c_proj(c_fc(x, activation)); }
  void visit(auto&& f) { f("c_fc", c_fc), f("c_proj", c_proj); }
};

struct ResidualAttentionBlock {
  LayerNorm ln_1;
  SelfAttention attn;
  LayerNorm ln_2;
  Mlp mlp;

  ResidualAttentionBlock(const TransformerConfig& c, float output_deviation);
  void visit(auto&& f) { f("ln_1", ln_1), f("attn", attn), f("ln_2", ln_2), f("mlp", mlp); }
};

/// A stack of blocks. The sum of one block and the norm of the next are one op, so a block hands on its
/// stream and what is still to be added to it.
struct Transformer {
  std::vector<ResidualAttentionBlock> resblocks;

  explicit Transformer(const TransformerConfig& c);

  /// x [B,T,C] -> the final norm of the stream at one token of each sequence, [B,C]: at index[b] (i32 [B]),
  /// or at the first token. Behind the last attention no other token is looked at, so none is computed.
  Var read(const Var& x, LayerNorm& final_norm, const Var& index = {});
  void visit(auto&& f) { f("resblocks", resblocks); }
};

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/models/transformer.inl.hpp>
#endif

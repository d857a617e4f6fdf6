// The pre-norm transformer of both CLIP towers; names as in open_clip.
#pragma once

#include <vector>

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

  SelfAttention(const TransformerConfig& c, float output_deviation)
      : in_proj_weight({3 * c.width, c.width}, Init::normal(1.0f / std::sqrt(static_cast<float>(c.width)))),
        in_proj_bias({3 * c.width}, Init::zeros()),
        out_proj(c.width, c.width, Init::normal(output_deviation)),
        heads(c.heads),
        causal(c.causal) {}

  /// x [B,T,C] -> what every token gathers from the others, [B,T,C]; `out_proj` has yet to mix the heads.
  Var gathered(const Var& x) {
    Graph& g = x.graph();
    return attention(linear(x, g.parameter(in_proj_weight), g.parameter(in_proj_bias)), heads, causal);
  }
  void visit(auto&& f) {
    f("in_proj_weight", in_proj_weight), f("in_proj_bias", in_proj_bias), f("out_proj", out_proj);
  }
};

/// Two linear layers around the non-linearity, four times as wide inside.
struct Mlp {
  Linear c_fc, c_proj;
  Activation activation;

  Mlp(const TransformerConfig& c, float output_deviation)
      : c_fc(c.width, 4 * c.width, Init::normal(1.0f / std::sqrt(2.0f * static_cast<float>(c.width)))),
        c_proj(4 * c.width, c.width, Init::normal(output_deviation)),
        activation(c.activation) {}

  Var operator()(const Var& x) { return c_proj(c_fc(x, activation)); }
  void visit(auto&& f) { f("c_fc", c_fc), f("c_proj", c_proj); }
};

struct ResidualAttentionBlock {
  LayerNorm ln_1;
  SelfAttention attn;
  LayerNorm ln_2;
  Mlp mlp;

  ResidualAttentionBlock(const TransformerConfig& c, float output_deviation)
      : ln_1(c.width), attn(c, output_deviation), ln_2(c.width), mlp(c, output_deviation) {}
  void visit(auto&& f) { f("ln_1", ln_1), f("attn", attn), f("ln_2", ln_2), f("mlp", mlp); }
};

/// A stack of blocks. The sum of one block and the norm of the next are one op, so a block hands on its
/// stream and what is still to be added to it.
struct Transformer {
  std::vector<ResidualAttentionBlock> resblocks;

  explicit Transformer(const TransformerConfig& c) {
    // OpenAI's initialisation: what is added to the residual stream shrinks with depth.
    const float deviation =
        1.0f / std::sqrt(static_cast<float>(c.width) * 2.0f * static_cast<float>(c.layers));
    resblocks.reserve(static_cast<size_t>(c.layers));
    for (int i = 0; i < c.layers; ++i) resblocks.emplace_back(c, deviation);
  }

  /// x [B,T,C] -> the final norm of the stream at one token of each sequence, [B,C]: at index[b] (i32 [B]),
  /// or at the first token. Behind the last attention no other token is looked at, so none is computed.
  Var read(const Var& x, LayerNorm& final_norm, const Var& index = {}) {
    if (resblocks.empty()) return final_norm(gather_token(x, index));
    Var stream = x, pending;
    for (ResidualAttentionBlock& block : resblocks) {
      Var normed;
      if (pending)
        std::tie(stream, normed) = block.ln_1(stream, pending);
      else
        normed = block.ln_1(stream);
      Var attended = block.attn.gathered(normed);
      if (&block == &resblocks.back()) {
        stream = gather_token(stream, index);
        attended = gather_token(attended, index);
      }
      std::tie(stream, normed) = block.ln_2(stream, block.attn.out_proj(attended));
      pending = block.mlp(normed);
    }
    return final_norm(stream, pending).second;
  }
  void visit(auto&& f) { f("resblocks", resblocks); }
};

}  // namespace t2ue

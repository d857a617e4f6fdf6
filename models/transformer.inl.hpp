#pragma once

#include <t2ue/models/transformer.hpp>

namespace t2ue {

T2UE_INLINE SelfAttention::SelfAttention(const TransformerConfig& c, float output_deviation)
    : in_proj_weight({3 * c.width, c.width}, Init::normal(1.0f / std::sqrt(static_cast<float>(c.width)))),
      in_proj_bias({3 * c.width}, Init::zeros()),
      out_proj(c.width, c.width, Init::normal(output_deviation)),
      heads(c.heads),
      causal(c.causal) {}

T2UE_INLINE Var SelfAttention::gathered(const Var& x) {
  Graph& g = x.graph();
  return attention(linear(x, g.parameter(in_proj_weight), g.parameter(in_proj_bias)), heads, causal);
}

T2UE_INLINE Mlp::Mlp(const TransformerConfig& c, float output_deviation)
    : c_fc(c.width, 4 * c.width, Init::normal(1.0f / std::sqrt(2.0f * static_cast<float>(c.width)))),
      c_proj(4 * c.width, c.width, Init::normal(output_deviation)),
      activation(c.activation) {}

T2UE_INLINE ResidualAttentionBlock::ResidualAttentionBlock(const TransformerConfig& c, float output_deviation)
    : ln_1(c.width), attn(c, output_deviation), ln_2(c.width), mlp(c, output_deviation) {}

T2UE_INLINE Transformer::Transformer(const TransformerConfig& c) {
  // OpenAI's initialisation: what is added to the residual stream shrinks with depth.
  const float deviation = 1.0f / std::sqrt(static_cast<float>(c.width) * 2.0f * static_cast<float>(c.layers));
  resblocks.reserve(static_cast<size_t>(c.layers));
  for (int i = 0; i < c.layers; ++i) resblocks.emplace_back(c, deviation);
}

T2UE_INLINE Var Transformer::read(const Var& x, LayerNorm& final_norm, const Var& index) {
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

}  // namespace t2ue

#pragma once

#include <t2ue/models/clip/text.hpp>

namespace t2ue {

T2UE_INLINE TextTower::TextTower(const TextConfig& c)
    : token_embedding({c.vocab_size, c.transformer.width}, Init::normal(0.02f)),
      positional_embedding({c.context_length, c.transformer.width}, Init::normal(0.01f)),
      transformer(c.transformer),
      ln_final(c.transformer.width),
      text_projection({c.embed_dim, c.transformer.width},
                      Init::normal(1.0f / std::sqrt(static_cast<float>(c.transformer.width)))) {}

T2UE_INLINE Var TextTower::embed(const Var& ids) {
  Graph& g = ids.graph();
  return embedding(ids, g.parameter(token_embedding), g.parameter(positional_embedding));
}

T2UE_INLINE Var TextTower::read(const Var& x, const Var& end) {
  return linear(transformer.read(x, ln_final, end), x.graph().parameter(text_projection));
}

}  // namespace t2ue

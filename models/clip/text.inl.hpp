#pragma once

#include <t2ue/models/clip/text.hpp>

namespace t2ue {

T2UE_INLINE void TextConfig::tower_fields(FieldList& f) {
  f("context_length", context_length, in_range(2, 4096), "Tokens of a caption");
  f("vocab_size", vocab_size, in_range(3, 10'000'000), "Tokens that there are");
  f("width", transformer.width, in_range(1, 8192), "Of the transformer");
  f("heads", transformer.heads, in_range(1, 256), "Of each layer; they divide the width");
  f("layers", transformer.layers, in_range(0, 128), "Of the transformer");
}

T2UE_INLINE void TextConfig::fields(FieldList& f) {
  tower_fields(f);
  f("embed_dim", embed_dim, in_range(1, 65536), "Width of a caption's features");
  f("activation", transformer.activation, "Of the transformer");
}

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

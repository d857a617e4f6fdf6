#pragma once

#include <t2ue/models/clip/vision_transformer.hpp>

namespace t2ue {

T2UE_INLINE VisionTransformer::VisionTransformer(const VisionTransformerConfig& c)
    : conv1(3, c.transformer.width, static_cast<int>(c.patch_size), static_cast<int>(c.patch_size), 0, false),
      ln_pre(c.transformer.width),
      transformer(c.transformer),
      ln_post(c.transformer.width) {
  check(c.image_size % c.patch_size == 0, "vision_transformer", "image_size ", c.image_size,
        " is not a multiple of patch_size ", c.patch_size);
  const int64_t width = c.transformer.width,
                tokens = (c.image_size / c.patch_size) * (c.image_size / c.patch_size);
  const Init init = Init::normal(1.0f / std::sqrt(static_cast<float>(width)));
  conv1.weight.init = Init::normal(1.0f / std::sqrt(static_cast<float>(3 * c.patch_size * c.patch_size)));
  class_embedding = Parameter({width}, init);
  positional_embedding = Parameter({tokens + 1, width}, init);
  proj = Parameter({c.embed_dim, width}, init);
}

T2UE_INLINE Var VisionTransformer::operator()(const Var& x) {
  Graph& g = x.graph();
  const Var map = conv1(x);
  const Var patches = map.reshape({map.shape()[0], map.shape()[1] * map.shape()[2], map.shape()[3]});
  const Var tokens = prepend_token(patches, g.parameter(class_embedding), g.parameter(positional_embedding));
  return linear(transformer.read(ln_pre(tokens), ln_post), g.parameter(proj));
}

}  // namespace t2ue

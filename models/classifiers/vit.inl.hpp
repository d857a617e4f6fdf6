#pragma once

#include <t2ue/models/classifiers/vit.hpp>

namespace t2ue {

T2UE_INLINE void VitConfig::fields(FieldList& f) {
  f("patch_size", patch_size, in_range(1, 1024), "Pixels a side of a patch");
  f("width", width, in_range(8, 8192), "Of the transformer");
  f("layers", layers, in_range(1, 128), "Of the transformer");
  f("heads", heads, in_range(1, 256), "Of each layer; they divide the width");
}

T2UE_INLINE Vit::Vit(const VitConfig& c, int64_t image_size, int64_t outputs)
    : conv_proj(3, c.width, static_cast<int>(c.patch_size), static_cast<int>(c.patch_size), 0, true),
      class_token({c.width}, Init::zeros()),
      transformer({c.width, c.layers, c.heads, Activation::gelu, false}),
      ln(c.width),
      classifier(c.width, outputs) {
  check(image_size % c.patch_size == 0, "vit", "pictures of ", image_size,
        " pixels cannot be cut into patches of ", c.patch_size);
  const int64_t side = image_size / c.patch_size;
  pos_embedding = Parameter({side * side + 1, c.width}, Init::normal(0.02f));
  const auto patch = static_cast<float>(3 * c.patch_size * c.patch_size);
  conv_proj.weight.init = Init::normal(1.0f / std::sqrt(patch));
  conv_proj.bias.init = Init::zeros();
  constexpr float eps = 1e-6f;  // torchvision's here
  for (ResidualAttentionBlock& block : transformer.resblocks) block.ln_1.eps = block.ln_2.eps = eps;
  ln.eps = eps;
}

T2UE_INLINE Var Vit::features(const Var& x) {
  Graph& g = x.graph();
  const Var map = conv_proj(x);
  const Var patches = map.reshape({map.shape()[0], map.shape()[1] * map.shape()[2], map.shape()[3]});
  return transformer.read(prepend_token(patches, g.parameter(class_token), g.parameter(pos_embedding)), ln);
}

}  // namespace t2ue

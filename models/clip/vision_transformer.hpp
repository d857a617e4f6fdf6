// CLIP's ViT image tower.
#pragma once

#include <t2ue/core/config.hpp>
#include <t2ue/models/transformer.hpp>

namespace t2ue {

struct VisionTransformerConfig {
  int64_t image_size = 224, patch_size = 32;
  TransformerConfig transformer{768, 12, 12, Activation::gelu, false};
  int64_t embed_dim = 512;
};

/// Pictures to features: patches, class token, transformer, read at the class token, projected.
struct VisionTransformer {
  Conv2d conv1;
  Parameter class_embedding, positional_embedding;
  LayerNorm ln_pre;
  Transformer transformer;
  LayerNorm ln_post;
  Parameter proj;  ///< [embed_dim, width]: the transpose of open_clip's

  explicit VisionTransformer(const VisionTransformerConfig& c);

  /// x [B,H,W,3] -> [B,embed_dim], not normalised.
  Var operator()(const Var& x);
  void visit(auto&& f) {
    f("conv1", conv1), f("class_embedding", class_embedding), f("positional_embedding", positional_embedding);
    f("ln_pre", ln_pre), f("transformer", transformer), f("ln_post", ln_post), f("proj", proj);
  }
};

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/models/clip/vision_transformer.inl.hpp>
#endif

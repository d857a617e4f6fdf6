// Vision transformers that classify (Dosovitskiy et al., 2021).
#pragma once

#include <t2ue/core/config.hpp>
#include <t2ue/core/fields.hpp>
#include <t2ue/models/transformer.hpp>

namespace t2ue {

struct VitConfig {
  int64_t patch_size = 16, width = 768;
  int layers = 12, heads = 12;

  void fields(FieldList& f);
};

/// Patches, a class token, pre-norm blocks, and a linear layer on the class token. Parameter names as in
/// torchvision, whose dropout (0 by default) is left out; class token and positions lack the dimensions of
/// size 1 that they have there. Blocks start as CLIP's do.
struct Vit {
  Conv2d conv_proj;
  Parameter class_token, pos_embedding;
  Transformer transformer;
  LayerNorm ln;
  Linear classifier;

  Vit(const VitConfig& c, int64_t image_size, int64_t outputs);

  /// x [B,H,W,3] -> what the last layer reads, [B,C].
  Var features(const Var& x);
  Linear& head() { return classifier; }
  void visit(auto&& f) {
    f("class_token", class_token), f("conv_proj", conv_proj), f("encoder.pos_embedding", pos_embedding);
    for (size_t i = 0; i < transformer.resblocks.size(); ++i) {
      ResidualAttentionBlock& block = transformer.resblocks[i];
      const std::string name = concat("encoder.layers.encoder_layer_", i, ".");
      f(name + "ln_1", block.ln_1), f(name + "self_attention", block.attn), f(name + "ln_2", block.ln_2);
      f(name + "mlp.0", block.mlp.c_fc), f(name + "mlp.3", block.mlp.c_proj);
    }
    f("encoder.ln", ln), f("heads.head", classifier);
  }
};

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/models/classifiers/vit.inl.hpp>
#endif

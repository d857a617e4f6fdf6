// CLIP: two towers and a temperature.
#pragma once

#include <optional>
#include <string>

#include <t2ue/core/config.hpp>
#include <t2ue/models/classifiers/resnet.hpp>
#include <t2ue/models/clip/modified_resnet.hpp>
#include <t2ue/models/clip/text.hpp>
#include <t2ue/models/clip/vision_transformer.hpp>

namespace t2ue {

/// One image tower and the text tower; exactly one of the three tower configurations is set.
struct ClipConfig {
  std::string name;
  int64_t image_size = 224;
  TextConfig text;
  std::optional<VisionTransformerConfig> vit;
  std::optional<ModifiedResNetConfig> modified_resnet;
  std::optional<ResNetConfig> resnet;
};

/// Contrastive language-image model; parameter names as in open_clip.
struct Clip {
  ClipConfig config;
  std::optional<VisionTransformer> vit;
  std::optional<ModifiedResNet> modified_resnet;
  std::optional<ResNet> resnet;
  TextTower text;
  Parameter logit_scale{
      {1}, Init::constant(2.6592600f)};  ///< log of the inverse temperature; starts at ln(1/0.07)

  explicit Clip(const ClipConfig& c);

  /// Normalised pixels [B,H,W,3] -> unit features [B,embed_dim].
  Var encode_image(const Var& x);
  /// ids i32 [B,T], end i32 [B] -> unit features [B,embed_dim].
  Var encode_text(const Var& ids, const Var& end) { return l2_normalize(text(ids, end)); }

  /// The symmetric InfoNCE of a batch of pairs.
  Var loss(const Var& x, const Var& ids, const Var& end);
  /// The same where the unit text features [B,embed_dim] are known.
  Var loss(const Var& x, const Var& text_features);
  void visit(auto&& f) {
    f("visual", vit), f("visual", modified_resnet), f("visual", resnet);
    text.visit(f);
    f("logit_scale", logit_scale);
  }
};

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/models/clip/clip.inl.hpp>
#endif

#pragma once

#include <t2ue/models/clip/clip.hpp>

namespace t2ue {

T2UE_INLINE Clip::Clip(const ClipConfig& c) : config(c), text(c.text) {
  check(c.vit.has_value() + c.modified_resnet.has_value() + c.resnet.has_value() == 1, "clip", "config '",
        c.name, "' must have exactly one image tower");
  if (c.vit) vit.emplace(*c.vit);
  if (c.modified_resnet) modified_resnet.emplace(*c.modified_resnet);
  if (c.resnet) resnet.emplace(*c.resnet, c.text.embed_dim);
}

T2UE_INLINE Var Clip::encode_image(const Var& x) {
  return l2_normalize(vit ? (*vit)(x) : modified_resnet ? (*modified_resnet)(x) : (*resnet)(x));
}

T2UE_INLINE Var Clip::loss(const Var& x, const Var& ids, const Var& end) {
  const Var image = encode_image(x);
  return info_nce(image, encode_text(ids, end), x.graph().parameter(logit_scale));
}

T2UE_INLINE Var Clip::loss(const Var& x, const Var& text_features) {
  return info_nce(encode_image(x), text_features, x.graph().parameter(logit_scale));
}

}  // namespace t2ue

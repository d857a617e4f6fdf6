#pragma once

#include <nlohmann/json.hpp>

#include <t2ue/noise/method_card.hpp>

namespace t2ue {

T2UE_INLINE nlohmann::json to_json(const MethodCard& card) {
  nlohmann::json json{{"name", card.name},
                      {"summary", card.summary},
                      {"needs_image", card.needs_image},
                      {"needs_label", card.needs_label},
                      {"needs_text", card.needs_text},
                      {"norm", name_of(card.norm)},
                      {"eps", card.eps},
                      {"surrogate", card.surrogate},
                      {"additive", card.additive},
                      {"independence", name_of(card.independence)},
                      {"cost", name_of(card.cost)}};
  if (card.additive) json["resampler"] = name_of(card.resampler);
  return json;
}

}  // namespace t2ue

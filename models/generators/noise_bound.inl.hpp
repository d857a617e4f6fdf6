#pragma once

#include <nlohmann/json.hpp>

#include <t2ue/models/generators/noise_bound.hpp>

namespace t2ue {

namespace detail {
/// eps in JSON: in units of 1/255.
struct EpsSteps final : FieldValue {
  explicit EpsSteps(float& eps) : eps(eps) {}
  void read(const nlohmann::json& json, const std::string& where) override {
    check(json.is_number(), where, "is no number: ", json.dump());
    const auto steps = json.get<float>();
    check(steps >= 0.0f && steps <= 127.0f, where, "is ", steps, ", outside 0..127");
    eps = steps / 255.0f;
  }
  void write(nlohmann::json& json) const override { json = eps * 255.0f; }
  float& eps;
};
}  // namespace detail

T2UE_INLINE void NoiseBound::fields(FieldList& f) {
  std::shared_ptr<FieldValue> steps = std::make_shared<detail::EpsSteps>(eps);
  f("limiter", limiter, "How noise is kept within eps");
  f("eps_steps", steps, "The largest noise, in 1/255");
  f("resampler", resampler, one_of(Resampler::nearest, Resampler::bilinear, Resampler::area, Resampler::tile),
    "From the generator's size to the picture's");
}

}  // namespace t2ue

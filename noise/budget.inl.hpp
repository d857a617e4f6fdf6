#pragma once

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include <t2ue/core/error.hpp>
#include <t2ue/noise/budget.hpp>

namespace t2ue {

namespace detail {
inline int64_t squared_steps(const Noise& noise) {
  int64_t sum = 0;
  for (const int8_t step : noise.steps) sum += int64_t{step} * step;
  return sum;
}

/// Whether the l2 norm is at most eps, as a comparison of squares in steps.
inline bool within(const Noise& noise, float eps) {
  const double limit = double{eps} * 255.0;
  return static_cast<double>(squared_steps(noise)) <= limit * limit;
}

/// The direction times `factor` in steps, rounded half to even and cut at +-127.
inline void round_steps(std::span<const double> direction, double factor, Noise& noise) {
  for (size_t i = 0; i < direction.size(); ++i)
    noise.steps[i] = static_cast<int8_t>(
        std::clamp(std::nearbyint(direction[i] * factor), -double{max_eps_steps}, double{max_eps_steps}));
}
}  // namespace detail

T2UE_INLINE Budget linf_budget(const std::string& method, int eps_steps) {
  check(eps_steps >= 1 && eps_steps <= max_eps_steps, method, "eps of ", eps_steps, " steps is outside 1..",
        max_eps_steps);
  return {Norm::linf, static_cast<float>(eps_steps) / 255.0f};
}

T2UE_INLINE Budget l2_budget(const std::string& method, double norm) {
  check(std::isfinite(norm) && norm > 0, method, "an l2 norm of ", norm, " is not positive and finite");
  return {Norm::l2, static_cast<float>(norm)};
}

T2UE_INLINE MethodCard training_free_card(std::string name, std::string summary, bool needs_label,
                                          Budget budget) {
  MethodCard card;
  card.name = std::move(name);
  card.summary = std::move(summary);
  card.needs_label = needs_label;
  card.norm = budget.norm;
  card.eps = budget.eps;
  return card;
}

T2UE_INLINE NoiseNorms norms_of(const Noise& noise) {
  check_noise(noise);
  NoiseNorms norms{max_step(noise), std::sqrt(static_cast<double>(detail::squared_steps(noise))) / 255.0, 0};
  for (size_t i = 0; i < noise.steps.size(); i += 3)
    norms.l0 += noise.steps[i] != 0 || noise.steps[i + 1] != 0 || noise.steps[i + 2] != 0;
  return norms;
}

T2UE_INLINE void check_budget(const MethodCard& card, const Noise& noise) {
  const NoiseNorms norms = norms_of(noise);
  if (card.norm == Norm::linf)
    check(norms.linf <= card.max_steps(), card.name, "a noise has steps of ", norms.linf, ", more than ",
          card.max_steps());
  else if (card.norm == Norm::l2)
    check(detail::within(noise, card.eps), card.name, "a noise has an l2 norm of ", norms.l2, ", more than ",
          card.eps);
  else if (card.norm == Norm::l0)
    check(static_cast<double>(norms.l0) <= double{card.eps}, card.name, "a noise changes ", norms.l0,
          " pixels, more than ", card.eps);
}

T2UE_INLINE Noise quantise_to(const Budget& budget, std::span<const double> direction, int height,
                              int width) {
  check(budget.norm == Norm::linf || budget.norm == Norm::l2, "budget",
        "noise is rounded to an linf or l2 budget, not to ", name_of(budget.norm));
  Noise noise{height, width, std::vector<int8_t>(direction.size())};
  check_noise(noise);
  double largest = 0;
  for (const double value : direction) {
    check(std::isfinite(value), "budget", "the noise is ", value, " somewhere");
    largest = std::max(largest, std::abs(value));
  }
  if (!std::isfinite(2.0 * max_eps_steps / largest)) return noise;  // nothing but zeros
  if (budget.norm == Norm::linf) {
    detail::round_steps(direction, std::nearbyint(double{budget.eps} * 255.0) / largest, noise);
    return noise;
  }
  const auto fits = [&](double factor) {
    detail::round_steps(direction, factor, noise);
    return detail::within(noise, budget.eps);
  };
  // At `high` every value of half the largest and more would be cut; the budget may be too large to be
  // reached.
  double low = 0, high = 2.0 * max_eps_steps / largest;
  for (int halving = 0; halving < 50; ++halving) {
    const double middle = (low + high) / 2;
    (fits(middle) ? low : high) = middle;
  }
  fits(low);
  return noise;
}

}  // namespace t2ue

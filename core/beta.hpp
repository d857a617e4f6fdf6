// Draws from the beta distribution.
#pragma once

#include <t2ue/core/error.hpp>
#include <t2ue/core/rng.hpp>

namespace t2ue {

namespace detail {
/// The logarithm of a draw from Gamma(shape, 1), by Marsaglia & Tsang, "A simple method for generating gamma
/// variables" (2000): a cubed normal, rejected so that it fits. A shape below 1 is shape + 1 times
/// u^(1/shape), which underflows; hence the logarithm.
inline double log_gamma_draw(Random& random, double shape) {
  const auto log_uniform = [&] { return std::log((static_cast<double>(random.bits()) + 0.5) * 0x1p-32); };
  const double boost = shape < 1.0 ? log_uniform() / shape : 0.0;
  const double d = (shape < 1.0 ? shape + 1.0 : shape) - 1.0 / 3.0, c = 1.0 / std::sqrt(9.0 * d);
  while (true) {
    const auto x = static_cast<double>(random.normal());
    const double root = 1.0 + c * x, v = root * root * root, log_u = log_uniform();
    if (v > 0.0 && log_u < 0.5 * x * x + d - d * v + d * std::log(v)) return boost + std::log(d * v);
  }
}
}  // namespace detail

/// A draw from Beta(alpha, alpha), in [0,1]: X/(X+Y) of two draws from Gamma(alpha, 1). Error unless alpha is
/// positive and finite.
inline float beta_draw(Random& random, double alpha) {
  check(alpha > 0.0 && std::isfinite(alpha), "beta", "alpha must be positive, got ", alpha);
  const double x = detail::log_gamma_draw(random, alpha), y = detail::log_gamma_draw(random, alpha);
  return static_cast<float>(1.0 / (1.0 + std::exp(y - x)));
}

}  // namespace t2ue

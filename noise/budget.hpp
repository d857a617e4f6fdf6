// Budgets: how large a noise may be, in which norm, and rounding that never exceeds it.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include <t2ue/core/config.hpp>
#include <t2ue/noise/method_card.hpp>
#include <t2ue/noise/noise.hpp>

namespace t2ue {

/// A bound on a noise: linf or l2, in pixel units.
struct Budget {
  Norm norm = Norm::linf;
  float eps = 0;
};

/// +-eps_steps of 1/255. Throws Error for steps outside 1..127, in the name of `method`.
Budget linf_budget(const std::string& method, int eps_steps);
/// An l2 norm in pixel units. Throws Error unless it is positive and finite.
Budget l2_budget(const std::string& method, double norm);

/// The card of a method that needs no training, no picture and no text; `needs_label` as said.
MethodCard training_free_card(std::string name, std::string summary, bool needs_label, Budget budget);

/// What a noise measures after rounding.
struct NoiseNorms {
  int linf = 0;    ///< max|step|
  double l2 = 0;   ///< pixel units
  int64_t l0 = 0;  ///< pixels with any channel changed
};
NoiseNorms norms_of(const Noise& noise);

/// Throws Error naming norm, measure and bound if the noise passes the card's budget.
void check_budget(const MethodCard& card, const Noise& noise);

/// The direction (height*width*3 values, HWC, any scale) as whole steps within the budget.
/// linf: scaled so that the largest |value| is eps, then rounded half to even; as eps is a whole step, none
///   rounds past it.
/// l2: scaled by the largest factor whose rounded steps, cut at +-127, still have a norm of at most eps.
/// Every
///   |step| grows with the factor, so that it is found by bisection; the norm is a sum of whole squares. So
///   rounding never passes the budget, and all of it is used.
/// Zeros stay zeros. Throws Error for a wrong size, a NaN or infinity, or another norm.
Noise quantise_to(const Budget& budget, std::span<const double> direction, int height, int width);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/noise/budget.inl.hpp>
#endif

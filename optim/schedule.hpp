// Learning rates over time.
#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>
#include <string>
#include <vector>

#include <t2ue/core/error.hpp>
#include <t2ue/core/kinds.hpp>

namespace t2ue {

/// Linear warm-up to `rate`, then constant, cosine to `final_share * rate`, or steps by `factor` at
/// `milestones`.
struct Schedule {
  enum class Kind : uint8_t { constant, cosine, step } kind = Kind::cosine;
  float rate = 1e-3f;
  int64_t total = 1;   ///< steps of the whole run
  int64_t warmup = 0;  ///< of them, warm-up
  float final_share = 0.0f;
  std::vector<int64_t> milestones;  ///< step schedule only: where the rate falls
  float factor = 0.1f;

  /// The rate of step `step`, counted from 0.
  float at(int64_t step) const {
    if (step < warmup) return rate * static_cast<float>(step + 1) / static_cast<float>(warmup);
    if (kind == Kind::constant) return rate;
    if (kind == Kind::step) {
      float now = rate;
      for (const int64_t milestone : milestones)
        if (step >= milestone) now *= factor;
      return now;
    }
    const auto span = static_cast<double>(total > warmup ? total - warmup : 1);
    const double share = std::min(1.0, static_cast<double>(step - warmup) / span);
    const double cosine = 0.5 * (1.0 + std::cos(std::numbers::pi * share));
    return rate * static_cast<float>(final_share + (1.0 - final_share) * cosine);
  }

  /// What is odd about the schedule; published recipes went wrong in each of these ways (empty if nothing
  /// is).
  std::vector<std::string> warnings() const {
    std::vector<std::string> found;
    if (warmup * 5 > total) found.push_back(concat("warm-up takes ", warmup, " of ", total, " steps"));
    if (kind == Kind::cosine && final_share > 0.01f)
      found.push_back(concat("the last rate is ", final_share, " of the peak"));
    return found;
  }
};

namespace detail {
template <>
struct KindNames<Schedule::Kind> {
  static constexpr std::string_view what = "schedule";
  static constexpr std::array<std::string_view, 3> names = {"constant", "cosine", "step"};
};
}  // namespace detail

}  // namespace t2ue

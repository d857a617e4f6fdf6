// Autoregressive processes in the plane, and the search for sets of them that a linear filter tells apart
// (Sandoval-Segura et al., "Autoregressive Perturbations for Data Poisoning", NeurIPS 2022, arXiv
// 2206.03693).
//
// A process is a 3x3 window of coefficients whose lower right entry is 0. Every value is the weighted sum of
// the eight values above and to the left of it in its window, so that the filter "window minus a 1 in the
// lower right corner" answers with zeros to the process's own fields, and with something else to others.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include <t2ue/core/config.hpp>
#include <t2ue/core/rng.hpp>

namespace t2ue {

/// Coefficients by rows; [8] is 0.
using ArWindow = std::array<double, 9>;
/// The windows of a class, one a channel.
using ArProcess = std::array<ArWindow, 3>;

/// A field of height x width: standard normals in the first two rows and columns, drawn by rows; every other
/// value by the recurrence, by rows. Throws Error for a side below 3.
std::vector<double> autoregressive_field(const ArWindow& window, int height, int width, Random& random);

/// The filter's answer to a field where the window fits: root mean square of (weighted sum - value) over the
/// rows and columns from 2 on.
double autoregressive_response(const ArWindow& window, const std::vector<double>& field, int height,
                               int width);

/// Three fields as the channels of a picture of height x width (HWC), drawn one after the other, without the
/// first ar_crop rows and columns of each.
std::vector<double> autoregressive_noise(const ArProcess& process, int height, int width, Random& random);

/// What a process has to fulfil. The paper's bounds are norms over 32 x 32, 50 and 10; here they are root
/// mean squares, so that they mean the same for every size.
inline constexpr double ar_largest_value = 50.0 / 32.0;
inline constexpr double ar_least_response = 10.0 / 32.0;
/// Rows and columns at the upper and left edge that are not used: they still show the start.
inline constexpr int ar_crop = 4;

/// `count` processes for noise of height x width. Candidates have normal coefficients divided by their sum,
/// so that a constant field is a fixed point and the process does not die out.
/// - Stability: a window is kept if three of its fields have a root mean square of at most ar_largest_value.
/// - Response: three such windows are kept as a process if its fields answer to the filters of all processes
///   before it, and theirs to its filters, with at least ar_least_response: the root of the three channels'
///   summed squares, over at most 32 x 32.
/// Which processes come first does not depend on `count`. Throws Error if 100,000 candidates in a row fail.
std::vector<ArProcess> find_autoregressive_processes(int count, int height, int width, uint64_t seed);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/methods/autoregressive_process.inl.hpp>
#endif

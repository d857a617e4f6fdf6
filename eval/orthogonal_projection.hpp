// Orthogonal projection (Sandoval-Segura et al., "What can we learn from unlearnable datasets?", 2023): an
// attacker removes from pictures everything by which a linear model can tell their classes.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <t2ue/core/config.hpp>
#include <t2ue/data/records/pair_dataset.hpp>

namespace t2ue {

/// Orthonormal rows that span those of `matrix` [rows, columns] (Q of its QR decomposition, transposed), by
/// modified Gram-Schmidt, twice. A row of which less than 1e-5 is left is in the span of those before it and
/// gets none.
std::vector<std::vector<double>> orthonormal_rows(std::span<const float> matrix, int64_t rows,
                                                  int64_t columns);

/// Fits a logistic regression to the pictures and their classes and projects every picture's difference from
/// the mean picture onto the complement of its weights; then rounds to nearest and clamps to 8 bits. (The
/// authors project the picture itself, which differs by one constant picture for all and leaves more values
/// outside 0..255.) Error as logistic_regression(): all pictures need a class.
void project_out_linear(PairDataset& data, uint64_t seed);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/eval/orthogonal_projection.inl.hpp>
#endif

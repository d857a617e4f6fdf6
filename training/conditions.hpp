// Generator inputs: a conditioning row for each item, and latent vectors.
#pragma once

#include <cstdint>
#include <vector>

#include <t2ue/core/rng.hpp>

namespace t2ue {

/// What the generator is told about each item: a table of embeddings [rows, condition] and each item's row in
/// it. One row a caption, one a class, or one a cluster of captions.
struct Conditions {
  int64_t width = 0;
  std::vector<float> table;
  std::vector<int32_t> row_of_item;
  /// [rows, S*S*3], signs +-1 at the generator's size S: what each row's noise starts from. Empty: nothing.
  std::vector<float> start;

  int64_t rows() const { return width == 0 ? 0 : static_cast<int64_t>(table.size()) / width; }
};

/// The latent vector z ~ N(0,1) of (seed, item); item 0 is the one that shared latents use.
inline std::vector<float> latent_vector(int64_t width, uint64_t seed, uint64_t item) {
  std::vector<float> z(static_cast<size_t>(width));
  Random random(seed, Purpose::latent, item);
  for (float& x : z) x = random.normal();
  return z;
}

}  // namespace t2ue

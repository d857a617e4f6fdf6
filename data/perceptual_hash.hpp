// A picture's perceptual hash: pictures that look alike have hashes that differ in few bits.
#pragma once

#include <bit>
#include <cstdint>

#include <t2ue/core/config.hpp>
#include <t2ue/data/image.hpp>

namespace t2ue {

/// 64 bits of the low frequencies of `image`: which of the coefficients (1..8, 1..8) of the DCT-II of its
/// luma at 32 x 32 lie above their median (C. Zauner, "Implementation and Benchmarking of Perceptual Image
/// Hash Functions", 2010, section 3.2.1; squashed by resize_image() instead of blurred). Alpha is laid over
/// white. It changes by a few bits at most under another size, JPEG, and a change of brightness or contrast;
/// mirroring, turning and cropping give another hash. A picture of one colour has the hash 0.
uint64_t perceptual_hash(const Image& image);

/// In how many of the 64 bits two hashes differ.
inline int hash_distance(uint64_t a, uint64_t b) {
  return std::popcount(a ^ b);
}

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/data/perceptual_hash.inl.hpp>
#endif

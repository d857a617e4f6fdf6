// Finds pictures of one split that look like a picture of an earlier split: leaks from training into a test.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <t2ue/core/config.hpp>

namespace t2ue {

/// A picture and its nearest twin in an earlier split.
struct NearDuplicate {
  size_t picture = 0;
  size_t twin = 0;
  int distance = 0;  ///< bits in which their hashes differ
};

/// For every picture whose hash differs in at most `distance` bits from one of a split with a smaller number:
/// the nearest such picture (the first of those equally near). In the order of `picture`. `hashes` and
/// `splits` have one entry a picture. Throws Error for a distance outside 0..12.
///
/// Hashes are cut into distance + 1 bands; two that differ in at most `distance` bits agree in at least one
/// of them, so that only pictures that share a band are compared. Pictures of one hash and split are searched
/// for once.
std::vector<NearDuplicate> near_duplicates(std::span<const uint64_t> hashes, std::span<const uint32_t> splits,
                                           int distance);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/data/image/near_duplicates.inl.hpp>
#endif

// Which picture of a batch is mixed with which.
#pragma once

#include <cstdint>

#include <t2ue/core/bf16.hpp>

namespace t2ue {

/// (n + shift) mod count, in 0..count-1 for any shift; with `back` the n whose partner that is.
T2UE_HOST_DEVICE inline int64_t mixup_partner(int64_t n, int64_t shift, int64_t count, bool back = false) {
  const int64_t steps = shift % count, partner = (n + (back ? -steps : steps)) % count;
  return partner < 0 ? partner + count : partner;
}

}  // namespace t2ue

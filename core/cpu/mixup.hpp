// Mixing the pictures of a batch with one another.
#pragma once

#include <t2ue/core/cpu/parallel.hpp>
#include <t2ue/core/kernels.hpp>
#include <t2ue/core/mixup_partner.hpp>

namespace t2ue::cpu {

inline void mixup(const MixupArgs& a, Stream) {
  const int64_t count = a.x.shape[0], size = a.x.elements() / count;
  const float share = a.share.f32()[0], rest = 1.0f - share;
  parallel_for(count, size, [&](int64_t n) {
    const float* own = a.x.f32() + n * size;
    const float* other = a.x.f32() + mixup_partner(n, a.shift.i32()[0], count, a.transposed) * size;
    float* y = a.y.f32() + n * size;
    for (int64_t i = 0; i < size; ++i) put(y[i], share * own[i] + rest * other[i], a.y.accumulate);
  });
}

}  // namespace t2ue::cpu

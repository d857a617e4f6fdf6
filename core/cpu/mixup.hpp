// Mixing the pictures of a batch with one another.
#pragma once

#include <t2ue/core/cpu/parallel.hpp>
#include <t2ue/core/kernels.hpp>
#include <t2ue/core/mixup_partner.hpp>

namespace t2ue::cpu {

namespace detail {

/// The partner's pixels within the box, one's own outside.
inline void cutmix(const MixupArgs& a) {
  const int64_t count = a.x.shape[0], height = a.x.shape[1], row = a.x.shape[2] * a.x.shape[3];
  const int32_t* box = a.box.i32();
  const int64_t left = box[2] * a.x.shape[3], right = box[3] * a.x.shape[3];
  parallel_for(count * height, row, [&](int64_t line) {
    const int64_t n = line / height, y = line % height;
    const int64_t partner = mixup_partner(n, a.shift.i32()[0], count, a.transposed);
    const float* own = a.x.f32() + line * row;
    const float* other = a.x.f32() + (partner * height + y) * row;
    const bool cut = y >= box[0] && y < box[1];
    float* to = a.y.f32() + line * row;
    for (int64_t i = 0; i < row; ++i)
      put(to[i], cut && i >= left && i < right ? other[i] : own[i], a.y.accumulate);
  });
}

}  // namespace detail

inline void mixup(const MixupArgs& a, Stream) {
  if (a.box) return detail::cutmix(a);
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

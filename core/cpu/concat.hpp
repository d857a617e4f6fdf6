// Concatenation of maps along their channels, on the CPU.
#pragma once

#include <algorithm>

#include <t2ue/core/cpu/parallel.hpp>
#include <t2ue/core/kernels.hpp>

namespace t2ue::cpu {

inline void concat_channels(const ConcatChannelsArgs& a, Stream) {
  const int64_t channels = a.y.shape.back();
  parallel_for(a.y.shape.rows(), channels, [&](int64_t row) {
    float* y = a.y.f32() + row * channels;
    for (const View& part : a.parts) {
      if (!part) break;
      const int64_t own = part.shape.back();
      y = std::copy_n(part.f32() + row * own, own, y);
    }
  });
}

inline void concat_channels_grad(const ConcatChannelsGradArgs& a, Stream) {
  const int64_t channels = a.dy.shape.back();
  parallel_for(a.dy.shape.rows(), channels, [&](int64_t row) {
    for (int i = 0; i < ConcatChannelsArgs::most; ++i) {
      const GradView& part = a.parts[i];
      if (!part) continue;
      const int64_t own = part.shape.back();
      const float* dy = a.dy.f32() + row * channels + a.begins[i];
      float* dx = part.f32() + row * own;
      for (int64_t c = 0; c < own; ++c) put(dx[c], dy[c], part.accumulate);
    }
  });
}

}  // namespace t2ue::cpu

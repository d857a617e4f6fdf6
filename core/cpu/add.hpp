// Sums and changes of type.
#pragma once

#include <t2ue/core/bf16.hpp>
#include <t2ue/core/cpu/columns.hpp>
#include <t2ue/core/kernels.hpp>

namespace t2ue::cpu {

inline void add(const AddArgs& args, Stream) {
  const float *a = args.a.f32(), *b = args.b.f32();
  float* y = args.y.f32();
  parallel_ranges(args.a.elements(), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const float sum = b ? args.alpha * a[i] + args.beta * b[i] : args.alpha * a[i];
      put(y[i], sum, args.y.accumulate);
    }
  });
}

namespace detail {
template <class From, class To>
void cast(const From* from, To* to, int64_t count, bool accumulate) {
  parallel_ranges(count, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const auto value = static_cast<float>(from[i]);
      to[i] = static_cast<To>(accumulate ? static_cast<float>(to[i]) + value : value);
    }
  });
}
/// Calls f with a null pointer to the view's element type.
template <class F>
void with_float_type(const char* where, const View& view, F&& f) {
  if (view.dtype == DType::f32) return f(static_cast<float*>(nullptr));
  if (view.dtype == DType::bf16) return f(static_cast<bf16*>(nullptr));
  fail(where, "takes f32 and bf16, got ", name_of(view.dtype), view.shape);
}
}  // namespace detail

inline void cast(const CastArgs& args, Stream) {
  detail::with_float_type("cast", args.x, [&](auto* from) {
    detail::with_float_type("cast", args.y, [&](auto* to) {
      detail::cast(static_cast<decltype(from)>(args.x.data), static_cast<decltype(to)>(args.y.data),
                   args.x.elements(), args.y.accumulate);
    });
  });
}

inline void residual_scale(const ResidualScaleArgs& args, Stream) {
  const Shape &low = args.a.shape, &high = args.y.shape;
  const int64_t channels = high[3];
  const float gain = args.gain.f32()[0];
  parallel_for(high[0] * high[1], high[2] * channels, [&](int64_t row) {
    const int64_t n = row / high[1], h = row % high[1];
    for (int64_t w = 0; w < high[2]; ++w) {
      const float* a = args.a.f32() + ((n * low[1] + h / args.up) * low[2] + w / args.up) * channels;
      const float* b = args.b.f32() + (row * high[2] + w) * channels;
      float* y = args.y.f32() + (row * high[2] + w) * channels;
#pragma omp simd
      for (int64_t c = 0; c < channels; ++c) y[c] = a[c] + gain * b[c];
    }
  });
}

inline void residual_scale_grad(const ResidualScaleGradArgs& args, Stream) {
  const Shape& high = args.dy.shape;
  const int64_t channels = high[3], up = args.up;
  const float* dy = args.dy.f32();
  if (args.db.data) {
    const float gain = args.gain.f32()[0];
    parallel_ranges(high.elements(), [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) put(args.db.f32()[i], gain * dy[i], args.db.accumulate);
    });
  }
  if (args.dgain.data) {
    const float* b = args.b.f32();
    const auto sums = column_sums(high.rows(), channels, [&](int64_t begin, int64_t end, float* partial) {
      for (int64_t r = begin; r < end; ++r)
        for (int64_t c = 0; c < channels; ++c) partial[c] += dy[r * channels + c] * b[r * channels + c];
    });
    double total = 0.0;
    for (double sum : sums) total += sum;
    put(args.dgain.f32()[0], static_cast<float>(total), args.dgain.accumulate);
  }
  if (!args.da.data) return;
  const Shape& low = args.da.shape;
  parallel_for(low[0] * low[1], high[2] * up * channels, [&](int64_t row) {
    const int64_t n = row / low[1], h = row % low[1];
    for (int64_t w = 0; w < low[2]; ++w) {
      float* da = args.da.f32() + (row * low[2] + w) * channels;
      if (!args.da.accumulate) std::fill(da, da + channels, 0.0f);
      for (int64_t i = 0; i < up; ++i)
        for (int64_t j = 0; j < up; ++j) {
          const float* from = dy + ((n * high[1] + h * up + i) * high[2] + w * up + j) * channels;
          for (int64_t c = 0; c < channels; ++c) da[c] += from[c];
        }
    }
  });
}

}  // namespace t2ue::cpu

#pragma once

#include <t2ue/core/cpu/fast/onednn.hpp>

#if T2UE_FAST_CPU

#include <algorithm>
#include <array>
#include <dnnl.hpp>
#include <map>
#include <mutex>

#include <t2ue/core/cpu/conv2d.hpp>
#include <t2ue/core/cpu/info_nce.hpp>
#include <t2ue/core/cpu/linear.hpp>
#include <t2ue/core/error.hpp>

namespace t2ue::cpu {

inline void onednn_gemm(bool transpose_a, bool transpose_b, int64_t m, int64_t n, int64_t k, const float* a,
                        int64_t lda, const float* b, int64_t ldb, float beta, float* c, int64_t ldc) {
  if (m == 0 || n == 0) return;
  const auto status = dnnl_sgemm(transpose_a ? 'T' : 'N', transpose_b ? 'T' : 'N', m, n, k, 1.0f, a, lda, b,
                                 ldb, beta, c, ldc);
  check(status == dnnl_success, "gemm", "oneDNN's matrix product failed with status ",
        static_cast<int>(status));
}

namespace detail {

inline const dnnl::engine& onednn_engine() {
  static const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

enum class ConvPart : int64_t { forward, grad_input, grad_weight };

/// A convolution primitive, the weight layout it wants, and how to get there from [K,R,S,C].
struct ConvPrimitive {
  dnnl::primitive primitive;
  dnnl::memory::desc picture, plain_weight, weight, output;
  dnnl::reorder pack;  // to or from the layout the primitive wants; unused if that is the plain one
  dnnl::memory packed;
  bool packs = false;
};

using ConvKey = std::array<int64_t, 11>;

inline ConvPrimitive make_conv(ConvPart part, const Shape& x, const Shape& w, const Shape& y, int stride,
                               int pad) {
  using dnnl::memory;
  using tag = memory::format_tag;
  constexpr auto f32 = memory::data_type::f32;
  const auto& engine = onednn_engine();
  const memory::dims xd{x[0], x[3], x[1], x[2]}, wd{w[0], w[3], w[1], w[2]}, yd{y[0], y[3], y[1], y[2]};
  const memory::dims strides{stride, stride}, padding{pad, pad};
  // What the window does not reach at the far edge shows as a smaller padding there.
  const memory::dims far{(y[1] - 1) * stride + w[1] - x[1] - pad, (y[2] - 1) * stride + w[2] - x[2] - pad};
  ConvPrimitive conv;
  conv.picture = memory::desc(xd, f32, tag::nhwc);
  conv.output = memory::desc(yd, f32, tag::nhwc);
  conv.plain_weight = memory::desc(wd, f32, tag::ohwi);
  const memory::desc any_weight(wd, f32, tag::any);
  using Forward = dnnl::convolution_forward;
  const Forward::desc forward(dnnl::prop_kind::forward_training, dnnl::algorithm::convolution_direct,
                              conv.picture, any_weight, conv.output, strides, padding, far);
  const Forward::primitive_desc hint(forward, engine);
  if (part == ConvPart::forward) {
    conv.weight = hint.weights_desc();
    conv.primitive = Forward(hint);
  } else if (part == ConvPart::grad_input) {
    using Backward = dnnl::convolution_backward_data;
    const Backward::primitive_desc pd(Backward::desc(dnnl::algorithm::convolution_direct, conv.picture,
                                                     any_weight, conv.output, strides, padding, far),
                                      engine, hint);
    conv.weight = pd.weights_desc();
    conv.primitive = Backward(pd);
  } else {
    using Backward = dnnl::convolution_backward_weights;
    const Backward::primitive_desc pd(Backward::desc(dnnl::algorithm::convolution_direct, conv.picture,
                                                     any_weight, conv.output, strides, padding, far),
                                      engine, hint);
    conv.weight = pd.diff_weights_desc();
    conv.primitive = Backward(pd);
  }
  conv.packs = conv.weight != conv.plain_weight;
  if (conv.packs) {
    conv.packed = memory(conv.weight, engine);
    const bool out = part == ConvPart::grad_weight;
    conv.pack = dnnl::reorder(dnnl::reorder::primitive_desc(engine, out ? conv.weight : conv.plain_weight,
                                                            engine, out ? conv.plain_weight : conv.weight));
  }
  return conv;
}

/// The primitive for these shapes, made once. Callers hold `onednn_mutex`: primitives share packed buffers.
inline ConvPrimitive& conv_for(ConvPart part, const Shape& x, const Shape& w, const Shape& y, int stride,
                               int pad) {
  static std::map<ConvKey, ConvPrimitive> cache;
  const ConvKey key{static_cast<int64_t>(part), x[0], x[1], x[2], x[3], w[0], w[1], w[2], stride, pad,
                    y[1] * 65536 + y[2]};
  const auto found = cache.find(key);
  if (found != cache.end()) return found->second;
  if (cache.size() > 512) cache.clear();  // a program that keeps changing shapes must not grow without bound
  return cache.emplace(key, make_conv(part, x, w, y, stride, pad)).first->second;
}

inline std::mutex& onednn_mutex() {
  static std::mutex mutex;
  return mutex;
}

inline void run_conv(ConvPart part, const View& x, const View& w, const View& y, int stride, int pad) {
  const std::lock_guard lock(onednn_mutex());
  const auto& engine = onednn_engine();
  ConvPrimitive& conv = conv_for(part, x.shape, w.shape, y.shape, stride, pad);
  dnnl::stream stream(engine);
  dnnl::memory picture(conv.picture, engine, x.data), plain(conv.plain_weight, engine, w.data),
      output(conv.output, engine, y.data);
  dnnl::memory& weight = conv.packs ? conv.packed : plain;
  switch (part) {
    case ConvPart::forward:
      if (conv.packs) conv.pack.execute(stream, plain, weight);
      conv.primitive.execute(stream,
                             {{DNNL_ARG_SRC, picture}, {DNNL_ARG_WEIGHTS, weight}, {DNNL_ARG_DST, output}});
      break;
    case ConvPart::grad_input:
      if (conv.packs) conv.pack.execute(stream, plain, weight);
      conv.primitive.execute(
          stream, {{DNNL_ARG_DIFF_DST, output}, {DNNL_ARG_WEIGHTS, weight}, {DNNL_ARG_DIFF_SRC, picture}});
      break;
    case ConvPart::grad_weight:
      conv.primitive.execute(
          stream, {{DNNL_ARG_SRC, picture}, {DNNL_ARG_DIFF_DST, output}, {DNNL_ARG_DIFF_WEIGHTS, weight}});
      if (conv.packs) conv.pack.execute(stream, weight, plain);
      break;
  }
  stream.wait();
}

/// Runs f on the gradient itself, or on a buffer that is then added to it.
template <class F>
void into_gradient(const GradView& gradient, F&& f) {
  if (!gradient.accumulate) return f(gradient);
  std::vector<float> fresh(static_cast<size_t>(gradient.elements()));
  View view = gradient;
  view.data = fresh.data();
  f(view);
  float* to = gradient.f32();
  parallel_ranges(gradient.elements(), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) to[i] += fresh[static_cast<size_t>(i)];
  });
}

}  // namespace detail

inline void onednn_conv2d(const Conv2dArgs& a, Stream) {
  detail::run_conv(detail::ConvPart::forward, a.x, a.w, a.y, a.stride, a.pad);
  if (!a.b.data) return;
  const int64_t channels = a.y.shape.back();
  const float* b = a.b.f32();
  float* y = a.y.f32();
  parallel_for(a.y.shape.rows(), channels, [&](int64_t r) {
    for (int64_t k = 0; k < channels; ++k) y[r * channels + k] += b[k];
  });
}

namespace detail {

/// The gradients of a strided 1x1 convolution without padding: matrix products over the pixels that it reads.
/// oneDNN 2.6.3's own write past their buffers where the channels are no multiple of 16.
inline void strided_1x1_grad(const Conv2dGradArgs& a) {
  const Shape &xs = a.x.shape, &ys = a.dy.shape;
  const int64_t channels = xs[3], outputs = ys[3], rows = ys.rows();
  const auto pixel = [&](int64_t row) {
    const int64_t n = row / (ys[1] * ys[2]), p = row / ys[2] % ys[1], q = row % ys[2];
    return ((n * xs[1] + p * a.stride) * xs[2] + q * a.stride) * channels;
  };
  std::vector<float> compact(static_cast<size_t>(rows * channels));
  if (a.dw.data) {
    parallel_chunks(rows, channels, [&](int64_t begin, int64_t end) {
      for (int64_t r = begin; r < end; ++r)
        std::copy_n(a.x.f32() + pixel(r), channels, compact.data() + r * channels);
    });
    onednn_gemm(true, false, outputs, channels, rows, a.dy.f32(), outputs, compact.data(), channels,
                a.dw.accumulate ? 1.0f : 0.0f, a.dw.f32(), channels);
  }
  if (!a.dx.data) return;
  onednn_gemm(false, false, rows, channels, outputs, a.dy.f32(), outputs, a.w.f32(), channels, 0.0f,
              compact.data(), channels);
  float* dx = a.dx.f32();
  if (!a.dx.accumulate)
    parallel_ranges(a.dx.elements(),
                    [&](int64_t begin, int64_t end) { std::fill(dx + begin, dx + end, 0.0f); });
  parallel_chunks(rows, channels, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r)
      for (int64_t c = 0; c < channels; ++c)
        dx[pixel(r) + c] += compact[static_cast<size_t>(r * channels + c)];
  });
}

}  // namespace detail

inline void onednn_conv2d_grad(const Conv2dGradArgs& a, Stream) {
  using detail::ConvPart;
  if (a.w.shape[1] == 1 && a.w.shape[2] == 1 && a.stride > 1 && a.pad == 0) {
    detail::strided_1x1_grad(a);
    if (a.db.data) conv2d_grad_bias(a);
    return;
  }
  if (a.dx.data)
    detail::into_gradient(a.dx, [&](const View& dx) {
      detail::run_conv(ConvPart::grad_input, dx, a.w, a.dy, a.stride, a.pad);
    });
  if (a.dw.data)
    detail::into_gradient(a.dw, [&](const View& dw) {
      detail::run_conv(ConvPart::grad_weight, a.x, dw, a.dy, a.stride, a.pad);
    });
  if (a.db.data) conv2d_grad_bias(a);
}

T2UE_INLINE void use_onednn(Kernels& kernels) {
  kernels.linear = linear_with<onednn_gemm>;
  kernels.linear_grad = linear_grad_with<onednn_gemm>;
  kernels.conv2d = onednn_conv2d;
  kernels.conv2d_grad = onednn_conv2d_grad;
  kernels.info_nce = info_nce_with<onednn_gemm>;
  kernels.info_nce_grad = info_nce_grad_with<onednn_gemm>;
}

}  // namespace t2ue::cpu

#endif

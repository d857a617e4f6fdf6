// What gpu_step_bench times besides steps: the machine's ceilings, and ops that are bound by memory.
#pragma once

#include "gpu_timing.hpp"

namespace t2ue::benchmarks {

/// A large product of matrices: what arithmetic can reach here.
inline Json ceiling_gemm(const TimingOptions& o) {
  const int64_t side = o.tiny ? 64 : 8192;
  const Tensor x = filled({side, side}, o.type(), o), w = filled({side, side}, o.type(), o);
  const auto record = [&](Graph& g) { g.output(linear(g.input(x), g.input(w), Var{})); };
  return with_flops(timed("ceiling: gemm", record, o), 2.0 * static_cast<double>(side * side * side));
}
/// A large copy within the device: what memory can reach here, bytes read and written.
inline Json ceiling_copy(const TimingOptions& o) {
  const Shape shape{o.tiny ? 4096 : int64_t{1} << 30};
  const Tensor from = filled(shape, DType::f32, o), to(shape, DType::f32, o.device);
  const size_t bytes = static_cast<size_t>(shape.elements()) * sizeof(float);
  return with_bytes(timed_runs("ceiling: copy", o,
                               [&] { backend_of(o.device).copy(o.device, to.data(), from.data(), bytes); }),
                    2.0 * static_cast<double>(bytes));
}

inline Json cast_op(const TimingOptions& o) {
  const Shape shape{o.tiny ? 4096 : int64_t{1} << 28};
  const Tensor x = filled(shape, DType::f32, o);
  const DType type = o.type();
  const auto record = [&](Graph& g) {
    const Var in = g.input(x);
    g.output(type == DType::f32 ? add(in, in, 0.5f, 0.5f) : cast(in, type));
  };
  return with_bytes(timed("op: cast f32", record, o),
                    static_cast<double>(shape.elements()) * (4.0 + static_cast<double>(size_of(type))));
}
inline Json layer_norm_op(const TimingOptions& o) {
  const Shape shape{o.tiny ? 4 : 1024, o.tiny ? 5 : 257, o.tiny ? 64 : 768};
  const Tensor x = filled(shape, o.type(), o), residual = filled(shape, o.type(), o);
  const Tensor scale = filled({shape.back()}, DType::f32, o);
  const auto record = [&](Graph& g) {
    const auto [sum, y] = add_layer_norm(g.input(x), g.input(residual), g.input(scale), g.input(scale));
    g.output(sum);
    g.output(y);
  };
  return with_bytes(timed("op: add + layer_norm", record, o),
                    4.0 * static_cast<double>(shape.elements()) * static_cast<double>(size_of(o.type())));
}
inline Json sscbn_op(const TimingOptions& o) {
  const int64_t n = o.tiny ? 2 : 128, side = o.tiny ? 4 : 64, c = o.tiny ? 8 : 256;
  const Tensor x = filled({n, side, side, c}, o.type(), o), gamma = filled({n, c}, o.type(), o);
  const Tensor mask = filled({n, 2 * side, 2 * side, 1}, o.type(), o);
  const Tensor mean = Tensor::zeros({c}, DType::f32, o.device),
               var = Tensor::zeros({c}, DType::f32, o.device);
  const auto record = [&](Graph& g) {
    g.output(upsample_sscbn_relu(g.input(x), g.input(gamma), g.input(gamma), g.input(mask), g.input(mean),
                                 g.input(var), 2));
  };
  return with_bytes(
      timed("op: upsample_sscbn_relu x2", record, o),
      static_cast<double>(n * side * side * (5 * c + 4)) * static_cast<double>(size_of(o.type())));
}
inline Json perturb_op(const TimingOptions& o) {
  const Shape shape{o.tiny ? 2 : 2048, o.tiny ? 8 : 224, o.tiny ? 8 : 224, 3};
  const Tensor image = below<uint8_t>(shape, 256, o), raw = filled(shape, o.type(), o);
  PerturbOptions options;
  options.limiter = Limiter::tanh_scale, options.quantise = true;
  const auto record = [&](Graph& g) { g.output(perturb(g.input(image), g.input(raw), options)); };
  return with_bytes(
      timed("op: perturb", record, o),
      static_cast<double>(shape.elements()) * (1.0 + 2.0 * static_cast<double>(size_of(o.type()))));
}
inline Json adam_op(const TimingOptions& o) {
  Clip clip(clip_of(o, "ViT-B-32"));
  ParameterSet trained(clip, 1, o.device, o.precision);
  Tensor gradients = trained.grads();
  gradients.assign(trained.values().to_vector<float>());
  Optimizer optimizer(trained, {.weight_decay = 0.1f});
  optimizer.prepare(0.0f);
  // Gradients are read twice, once for their norm; value and two moments are read and written.
  const double each = 4.0 * 8 + (o.precision == Precision::bf16 ? 2.0 : 0.0);
  const auto record = [&](Graph& g) {
    optimizer.record_norm(g);
    optimizer.record_update(g);
  };
  return with_bytes(timed("op: grad_norm + adam", record, o),
                    each * static_cast<double>(trained.values().shape().elements()));
}

}  // namespace t2ue::benchmarks

#pragma once

#include <cstdlib>
#include <cstring>

#include <t2ue/core/backend.hpp>
#include <t2ue/core/cpu/activation.hpp>
#include <t2ue/core/cpu/add.hpp>
#include <t2ue/core/cpu/attention.hpp>
#include <t2ue/core/cpu/augment.hpp>
#include <t2ue/core/cpu/batch_norm.hpp>
#include <t2ue/core/cpu/conv2d.hpp>
#include <t2ue/core/cpu/embedding.hpp>
#include <t2ue/core/cpu/fast/onednn.hpp>
#include <t2ue/core/cpu/layer_norm.hpp>
#include <t2ue/core/cpu/linear.hpp>
#include <t2ue/core/cpu/losses.hpp>
#include <t2ue/core/cpu/optimise.hpp>
#include <t2ue/core/cpu/perturb.hpp>
#include <t2ue/core/cpu/pool.hpp>
#include <t2ue/core/cpu/resize.hpp>
#include <t2ue/core/cpu/upsample_sscbn_relu.hpp>

namespace t2ue {

namespace detail {

inline void* cpu_allocate(size_t bytes) {
  constexpr size_t alignment = 64;
  void* memory = std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment + alignment);
  check(memory != nullptr, "memory", "the CPU has no ", bytes, " bytes left; use smaller batches or models");
  return memory;
}
inline void cpu_release(void* memory) {
  std::free(memory);
}
inline void cpu_copy(void* to, const void* from, size_t bytes) {
  std::memcpy(to, from, bytes);
}
inline void cpu_synchronise(Stream) {}

inline Kernels cpu_kernels() {
  Kernels k;
  k.name = "cpu reference";
  k.linear = cpu::linear<cpu::reference_gemm>;
  k.linear_grad = cpu::linear_grad<cpu::reference_gemm>;
  k.conv2d = cpu::conv2d;
  k.conv2d_grad = cpu::conv2d_grad;
  k.batch_norm = cpu::batch_norm;
  k.batch_norm_grad = cpu::batch_norm_grad;
  k.layer_norm = cpu::layer_norm;
  k.layer_norm_grad = cpu::layer_norm_grad;
  k.attention = cpu::attention;
  k.attention_grad = cpu::attention_grad;
  k.embedding = cpu::embedding;
  k.embedding_grad = cpu::embedding_grad;
  k.prepend_token = cpu::prepend_token;
  k.prepend_token_grad = cpu::prepend_token_grad;
  k.gather_token = cpu::gather_token;
  k.gather_token_grad = cpu::gather_token_grad;
  k.pool2d = cpu::pool2d;
  k.pool2d_grad = cpu::pool2d_grad;
  k.mean_pool = cpu::mean_pool;
  k.mean_pool_grad = cpu::mean_pool_grad;
  k.activation = cpu::activation;
  k.activation_grad = cpu::activation_grad;
  k.add = cpu::add;
  k.residual_scale = cpu::residual_scale;
  k.residual_scale_grad = cpu::residual_scale_grad;
  k.upsample_sscbn_relu = cpu::upsample_sscbn_relu;
  k.upsample_sscbn_relu_grad = cpu::upsample_sscbn_relu_grad;
  k.mask_sigmoid = cpu::mask_sigmoid;
  k.mask_sigmoid_grad = cpu::mask_sigmoid_grad;
  k.resize = cpu::resize;
  k.resize_grad = cpu::resize_grad;
  k.l2_normalize = cpu::l2_normalize;
  k.l2_normalize_grad = cpu::l2_normalize_grad;
  k.info_nce = cpu::info_nce;
  k.info_nce_grad = cpu::info_nce_grad;
  k.cross_entropy = cpu::cross_entropy;
  k.cross_entropy_grad = cpu::cross_entropy_grad;
  k.perturb = cpu::perturb;
  k.perturb_grad = cpu::perturb_grad;
  k.augment = cpu::augment;
  k.augment_grad = cpu::augment_grad;
  k.fill = cpu::fill;
  k.clamp = cpu::clamp;
  k.grad_norm = cpu::grad_norm;
  k.adam = cpu::adam;
  k.sgd = cpu::sgd;
  return k;
}

}  // namespace detail

T2UE_INLINE const Backend& cpu_reference_backend() {
  static const Backend backend{detail::cpu_kernels(), detail::cpu_allocate, detail::cpu_release,
                               detail::cpu_copy, detail::cpu_synchronise};
  return backend;
}

T2UE_INLINE const Backend& cpu_backend() {
#if T2UE_FAST_CPU
  static const Backend backend = [] {
    Backend fast = cpu_reference_backend();
    fast.kernels.name = "cpu";
    cpu::use_onednn(fast.kernels);
    return fast;
  }();
  return backend;
#else
  return cpu_reference_backend();
#endif
}

T2UE_INLINE const Backend& backend_of(Device device) {
  if (device.kind == DeviceKind::cpu) return cpu_backend();
  fail("device", device.text(),
       " was asked for, but this build of t2ue has no CUDA backend; use --device cpu");
}

T2UE_INLINE Device parse_device(std::string_view text) {
  if (text == "cpu" || text == "auto") return {};
  if (text == "cuda") return {DeviceKind::cuda, 0};
  if (text.starts_with("cuda:") && text.size() > 5 && text.size() < 9 &&
      text.find_first_not_of("0123456789", 5) == std::string_view::npos)
    return {DeviceKind::cuda, std::stoi(std::string(text.substr(5)))};
  fail("device", "unknown device '", text, "'; one of cpu, cuda, cuda:N, auto");
}

}  // namespace t2ue

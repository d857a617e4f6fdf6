#pragma once

#include <cstdlib>
#include <cstring>
#include <deque>

#include <t2ue/core/backend.hpp>
#include <t2ue/core/cpu/activation.hpp>
#include <t2ue/core/cpu/add.hpp>
#include <t2ue/core/cpu/attention.hpp>
#include <t2ue/core/cpu/augment.hpp>
#include <t2ue/core/cpu/batch_norm.hpp>
#include <t2ue/core/cpu/class_separability.hpp>
#include <t2ue/core/cpu/concat.hpp>
#include <t2ue/core/cpu/conv2d.hpp>
#include <t2ue/core/cpu/embedding.hpp>
#include <t2ue/core/cpu/fast/onednn.hpp>
#include <t2ue/core/cpu/info_nce.hpp>
#include <t2ue/core/cpu/layer_norm.hpp>
#include <t2ue/core/cpu/linear.hpp>
#include <t2ue/core/cpu/losses.hpp>
#include <t2ue/core/cpu/mixup.hpp>
#include <t2ue/core/cpu/noise_rows.hpp>
#include <t2ue/core/cpu/optimise.hpp>
#include <t2ue/core/cpu/perturb.hpp>
#include <t2ue/core/cpu/pool.hpp>
#include <t2ue/core/cpu/resize.hpp>
#include <t2ue/core/cpu/retrieval_counts.hpp>
#include <t2ue/core/cpu/upsample_sscbn_relu.hpp>
#include <t2ue/core/register_backend.hpp>

#if defined(T2UE_LINKED_BACKEND)
extern "C" const bool T2UE_LINKED_BACKEND;
#endif

namespace t2ue {

namespace detail {

/// What a linked library registered; null where none did.
inline const BackendProvider* registered_cuda() {
#if defined(T2UE_LINKED_BACKEND)
  // Read, so that linkers keep the object that registers it: nothing else refers to it.
  (void)*static_cast<const volatile bool*>(&T2UE_LINKED_BACKEND);
#endif
  return cuda_provider().load();
}

inline constexpr const char* no_cuda = "this build of t2ue has no CUDA backend";

inline void* cpu_allocate(Device, size_t bytes) {
  constexpr size_t alignment = 64;
  void* memory = std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment + alignment);
  check(memory != nullptr, "memory", "the CPU has no ", bytes, " bytes left; use smaller batches or models");
  return memory;
}
inline void cpu_release(Device, void* memory) {
  std::free(memory);
}
inline void cpu_copy(Device, void* to, const void* from, size_t bytes) {
  std::memcpy(to, from, bytes);
}
inline void cpu_synchronise(Device) {}
inline Stream cpu_stream(Device) {
  return nullptr;
}

inline Kernels cpu_kernels() {
  Kernels kernels;
  kernels.name = "cpu reference";
#define T2UE_FILL(op, Args) kernels.op = cpu::op;
  T2UE_OPS(T2UE_FILL)
#undef T2UE_FILL
  return kernels;
}

/// Never destroyed: tensors of a static or of another thread may outlive any static of ours.
inline std::deque<Backend>& added_backends() {
  static auto& all = *new std::deque<Backend>;
  return all;
}

}  // namespace detail

T2UE_INLINE const Backend& cpu_reference_backend() {
  static const Backend backend{.kernels = detail::cpu_kernels(),
                               .allocate = detail::cpu_allocate,
                               .release = detail::cpu_release,
                               .copy = detail::cpu_copy,
                               .synchronise = detail::cpu_synchronise,
                               .stream = detail::cpu_stream};
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

T2UE_INLINE std::string why_no_cuda() {
  const BackendProvider* provider = detail::registered_cuda();
  return provider ? provider->why_unusable() : detail::no_cuda;
}

T2UE_INLINE const Backend& backend_of(Device device) {
  if (device.kind == DeviceKind::cpu) return cpu_backend();
  if (device.kind == DeviceKind::added) {
    check(device.index >= 0 && static_cast<size_t>(device.index) < detail::added_backends().size(), "device",
          "there is no ", device.text());
    return detail::added_backends()[static_cast<size_t>(device.index)];
  }
  const BackendProvider* provider = detail::registered_cuda();
  check(provider != nullptr, "device", device.text(), " was asked for, but ", detail::no_cuda,
        "; use --device cpu");
  return provider->backend(device.index);
}

T2UE_INLINE Device add_backend(const Backend& backend) {
  detail::added_backends().push_back(backend);
  return {DeviceKind::added, static_cast<int>(detail::added_backends().size()) - 1};
}

T2UE_INLINE void check_precision(const Backend& backend, Precision precision) {
  const bool able = precision == Precision::fp32 || (precision == Precision::bf16 && backend.bf16) ||
                    (precision == Precision::tf32 && backend.set_tf32);
  check(able, "precision", "the ", backend.kernels.name, " backend does not compute in ", name_of(precision),
        "; use fp32");
}

T2UE_INLINE Precision default_precision(Device device) {
  return device.kind == DeviceKind::cuda && backend_of(device).bf16 ? Precision::bf16 : Precision::fp32;
}

T2UE_INLINE Device parse_device(std::string_view text) {
  if (text == "cpu") return {};
  if (text == "auto") {
    if (why_no_cuda().empty()) return {DeviceKind::cuda, 0};
    return {};
  }
  if (text == "cuda") return {DeviceKind::cuda, 0};
  if (text.starts_with("cuda:") && text.size() > 5 && text.size() < 9 &&
      text.find_first_not_of("0123456789", 5) == std::string_view::npos)
    return {DeviceKind::cuda, std::stoi(std::string(text.substr(5)))};
  fail("device", "unknown device '", text, "'; one of cpu, cuda, cuda:N, auto");
}

}  // namespace t2ue

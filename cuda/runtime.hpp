// What runs on a GPU besides kernels: one stream for each device, memory, copies, captured work.
#pragma once

#include <cuda_runtime_api.h>

#include <functional>
#include <t2ue/core/device.hpp>
#include <t2ue/core/error.hpp>
#include <t2ue/cuda/discovery.hpp>
#include <t2ue/cuda/libraries.hpp>

namespace t2ue::cuda {

/// f32 products and convolutions on tensor cores with 10-bit mantissas. Process-wide, off at first; what is
/// captured already keeps what it was captured with.
void set_tf32(bool on);
bool tf32();
/// Whether a convolution met for the first time outside a capture times cuDNN's first few plans.
/// Process-wide, on at first. Off, every process takes cuDNN's first plan, hence computes the same bits as
/// any other.
void set_tuning(bool on);
bool tuning();

namespace detail {
/// Turns a CUDA error into Error: `where` failed, with CUDA's name and text for it.
void check_cuda(cudaError_t error, const char* where);
}  // namespace detail

/// As in cuda/device.cuh, which kernels include instead.
void* scratch(size_t bytes, Stream stream, int slot);
/// The slots beyond a launcher's own 0..3.
enum ScratchSlot : int {
  gemm_workspace = 4,
  gemm_bias,
  convolution_workspace,
  convolution_result,
  scratch_slots
};

/// Whether work queued on this stream is being recorded rather than run.
bool capturing(Stream stream);

/// Makes a device the calling thread's current one while it lives.
class CurrentDevice {
 public:
  explicit CurrentDevice(int index);
  ~CurrentDevice();
  CurrentDevice(const CurrentDevice&) = delete;
  CurrentDevice& operator=(const CurrentDevice&) = delete;

 private:
  int before_ = 0;
};

/// Everything that t2ue keeps for one GPU. Made on first use, alive until the process ends.
class Gpu {
 public:
  /// Error with the reason if there is no such device.
  static Gpu& at(int index);
  /// The device that a stream belongs to; the calling thread's current one for CUDA's own streams.
  static Gpu& of(Stream stream);

  int index() const { return facts_.index; }
  const DeviceFacts& facts() const { return facts_; }
  cudaStream_t stream() const { return stream_; }
  cublasLtHandle_t cublas_lt();
  /// Set to the given stream.
  cudnnHandle_t cudnn(Stream stream);

  /// 256-byte aligned. Error saying what was asked for, what is free and what t2ue holds when memory runs
  /// out.
  void* allocate(size_t bytes);
  /// Takes back what `allocate` gave once the work queued so far has run; null is fine.
  void release(void* memory);
  /// The most bytes held at a time so far, without what CUDA's libraries keep for themselves.
  size_t memory_peak() const;
  /// Either direction or within a device, after all queued work; complete when it returns.
  void copy(void* to, const void* from, size_t bytes);
  void synchronise();

  /// As Backend says of them.
  void* allocate_host(size_t bytes);
  void release_host(void* block);
  void copy_later(void* to, const void* block, size_t bytes);
  void wait_host(const void* block);

  /// What `record` queues on the stream, as one unit that `replay` queues again with the same addresses.
  cudaGraphExec_t capture(const std::function<void()>& record);
  void replay(cudaGraphExec_t graph);
  void destroy(cudaGraphExec_t graph);

  void* scratch(size_t bytes, Stream stream, int slot);

 private:
  explicit Gpu(const DeviceFacts& facts);
  [[noreturn]] void out_of_memory(size_t bytes);

  DeviceFacts facts_;
  cudaStream_t stream_ = nullptr;
  cudaMemPool_t pool_ = nullptr;  ///< null where the device has none
  cublasLtHandle_t cublas_lt_ = nullptr;
  cudnnHandle_t cudnn_ = nullptr;
  struct State;
  State* state_;
};

}  // namespace t2ue::cuda

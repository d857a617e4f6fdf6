#include <t2ue/cuda/backend.hpp>

#include <t2ue/cuda/convert.hpp>
#include <t2ue/cuda/launchers.hpp>
#include <t2ue/cuda/runtime.hpp>

namespace t2ue::cuda {

namespace {

Backend make_backend() {
  Backend backend;
  backend.kernels = kernel_table("cuda");
  backend.allocate = [](Device device, size_t bytes) { return Gpu::at(device.index).allocate(bytes); };
  backend.release = [](Device device, void* memory) { Gpu::at(device.index).release(memory); };
  backend.memory_peak = [](Device device) { return Gpu::at(device.index).memory_peak(); };
  backend.copy = [](Device device, void* to, const void* from, size_t bytes) {
    Gpu::at(device.index).copy(to, from, bytes);
  };
  backend.allocate_host = [](Device device, size_t bytes) {
    return Gpu::at(device.index).allocate_host(bytes);
  };
  backend.release_host = [](Device device, void* block) { Gpu::at(device.index).release_host(block); };
  backend.copy_later = [](Device device, void* to, const void* block, size_t bytes) {
    Gpu::at(device.index).copy_later(to, block, bytes);
  };
  backend.wait_host = [](Device device, const void* block) { Gpu::at(device.index).wait_host(block); };
  backend.synchronise = [](Device device) { Gpu::at(device.index).synchronise(); };
  backend.stream = [](Device device) -> Stream {
    // Launches go to the calling thread's current device: whoever asks for a stream is about to launch.
    Gpu& gpu = Gpu::at(device.index);
    detail::check_cuda(cudaSetDevice(gpu.index()), "device");
    return gpu.stream();
  };
  backend.bf16 = true;
  backend.set_tf32 = set_tf32;
  backend.capture = [](Device device, const std::function<void()>& record) -> void* {
    return Gpu::at(device.index).capture(record);
  };
  backend.replay = [](Device device, void* captured) {
    Gpu::at(device.index).replay(static_cast<cudaGraphExec_t>(captured));
  };
  backend.destroy = [](Device device, void* captured) {
    Gpu::at(device.index).destroy(static_cast<cudaGraphExec_t>(captured));
  };
  return backend;
}

/// Runs one of our kernels: what a driver lists may still be too old for how t2ue was built.
std::string try_first_gpu() {
  try {
    Gpu& gpu = Gpu::at(0);
    const CurrentDevice current(gpu.index());
    float number = 1.0f;
    void* memory = gpu.allocate(sizeof number);
    gpu.copy(memory, &number, sizeof number);
    convert(memory, DType::f32, memory, DType::f32, 1, true, gpu.stream());
    gpu.copy(&number, memory, sizeof number);
    gpu.release(memory);
    check(number == 2.0f, "device", gpu.facts().name, " computed 1 + 1 = ", number);
    return "";
  } catch (const Error& error) {
    return error.what();
  }
}

}  // namespace

const Backend& cuda_backend(int index) {
  static const Backend backend = make_backend();
  (void)Gpu::at(index);
  return backend;
}

const std::string& why_unusable() {
  static const std::string reason = discover().problem.empty() ? try_first_gpu() : discover().problem;
  return reason;
}

}  // namespace t2ue::cuda

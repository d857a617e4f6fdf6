#include <t2ue/cuda/runtime.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <atomic>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <utility>

namespace t2ue::cuda {

namespace {

std::string describe(cudaError_t error) {
  return concat(cudaGetErrorName(error), ": ", cudaGetErrorString(error));
}

/// major.minor.patch of a number that cuBLAS and cuDNN form as 10000, 100, 1.
std::string dotted(size_t version) {
  return concat(version / 10000, '.', version / 100 % 100, '.', version % 100);
}
/// The driver and the runtime count 1000, 10.
std::string dotted_cuda(int version) {
  return version == 0 ? "none" : concat(version / 1000, '.', version % 1000 / 10);
}

std::string driver_version() {
  int version = 0;
  return dotted_cuda(cudaDriverGetVersion(&version) == cudaSuccess ? version : 0);
}
std::string runtime_version() {
  int version = 0;
  return dotted_cuda(cudaRuntimeGetVersion(&version) == cudaSuccess ? version : 0);
}

std::string gigabytes(size_t bytes) {
  const bool small = bytes < 100'000'000;
  return fmt::format("{:.2f} {}", static_cast<double>(bytes) / (small ? 1e6 : 1e9), small ? "MB" : "GB");
}

DeviceFacts facts_of(int index) {
  cudaDeviceProp properties{};
  detail::check_cuda(cudaGetDeviceProperties(&properties, index), "cuda devices");
  return {index,
          properties.name,
          properties.totalGlobalMem,
          properties.major,
          properties.minor,
          properties.multiProcessorCount};
}

Discovery look_for_devices() {
  Discovery found;
  int count = 0;
  const cudaError_t error = cudaGetDeviceCount(&count);
  (void)cudaGetLastError();
  if (error != cudaSuccess) {
    found.problem =
        concat(describe(error), " (driver ", driver_version(), ", CUDA runtime ", runtime_version(), ")");
    return found;
  }
  try {
    for (int i = 0; i < count; ++i) found.devices.push_back(facts_of(i));
  } catch (const Error& error_of_device) {
    return {{}, error_of_device.what()};
  }
  if (count == 0) found.problem = "the driver knows no GPU";
  for (const Library library : {Library::cublas_lt, Library::cudnn})
    if (found.problem.empty()) found.problem = why_missing(library);
  return found;
}

/// Which GPU each of our streams belongs to. Never destroyed, as nothing here is: tensors may outlive main.
struct Streams {
  std::mutex mutex;
  std::map<Stream, Gpu*> gpu_of;
};
Streams& streams() {
  static Streams& all = *new Streams;
  return all;
}

std::atomic<bool> tf32_on{false}, tuning_on{true};

}  // namespace

void detail::check_cuda(cudaError_t error, const char* where) {
  if (error == cudaSuccess) [[likely]]
    return;
  (void)cudaGetLastError();  // an error that can be recovered from must not surface in a later call
  if (error == cudaErrorNoKernelImageForDevice || error == cudaErrorInvalidDeviceFunction)
    fail(where, describe(error), "; build t2ue with -DCMAKE_CUDA_ARCHITECTURES for this GPU");
  fail(where, describe(error));
}

const Discovery& discover() {
  static const Discovery& found = *new Discovery(look_for_devices());  // tensors may outlive main
  return found;
}

LibraryVersions library_versions() {
  const auto version = [](Library library, auto&& get) {
    return why_missing(library).empty() ? dotted(get()) : "none";
  };
  return {driver_version(), runtime_version(),
          version(Library::cublas_lt, [] { return cublasLtGetVersion(); }),
          version(Library::cudnn, [] { return cudnnGetVersion(); })};
}

void set_tf32(bool on) {
  tf32_on = on;
}
bool tf32() {
  return tf32_on;
}
void set_tuning(bool on) {
  tuning_on = on;
}
bool tuning() {
  return tuning_on;
}

bool capturing(Stream stream) {
  cudaStreamCaptureStatus status = cudaStreamCaptureStatusNone;
  detail::check_cuda(cudaStreamIsCapturing(static_cast<cudaStream_t>(stream), &status), "capture");
  return status != cudaStreamCaptureStatusNone;
}

CurrentDevice::CurrentDevice(int index) {
  detail::check_cuda(cudaGetDevice(&before_), "device");
  if (index == before_)
    before_ = -1;
  else
    detail::check_cuda(cudaSetDevice(index), "device");
}
CurrentDevice::~CurrentDevice() {
  if (before_ >= 0) (void)cudaSetDevice(before_);
}

struct Gpu::State {
  struct Block {
    void* memory = nullptr;
    size_t bytes = 0;
    bool captured = false;  ///< a captured step may point here
  };
  std::recursive_mutex mutex;
  std::unordered_map<void*, size_t> held;
  size_t held_bytes = 0, most_held_bytes = 0, scratch_bytes = 0;
  std::vector<void*> released_in_capture;
  std::map<std::pair<Stream, int>, Block> scratch;
  std::unordered_map<const void*, cudaEvent_t> host_blocks;  ///< with what follows the last copy out of each

  cudaEvent_t event_of(const void* block) {
    const std::lock_guard lock(mutex);
    const auto found = host_blocks.find(block);
    check(found != host_blocks.end(), "copy", "this is no block of allocate_host");
    return found->second;
  }
};

Gpu& Gpu::at(int index) {
  static std::mutex& mutex = *new std::mutex;
  static auto& gpus = *new std::map<int, std::unique_ptr<Gpu>>;
  const Discovery& found = discover();
  check(found.problem.empty(), "device", "cuda:", index,
        " was asked for, but CUDA cannot be used: ", found.problem, "; use --device cpu");
  check(index >= 0 && index < static_cast<int>(found.devices.size()), "device", "there is no cuda:", index,
        "; this machine has ", found.devices.size(), " CUDA device(s), counted from 0");
  const std::lock_guard lock(mutex);
  std::unique_ptr<Gpu>& gpu = gpus[index];
  if (!gpu) gpu.reset(new Gpu(found.devices[static_cast<size_t>(index)]));
  return *gpu;
}

Gpu& Gpu::of(Stream stream) {
  {
    const std::lock_guard lock(streams().mutex);
    if (const auto found = streams().gpu_of.find(stream); found != streams().gpu_of.end())
      return *found->second;
  }
  int index = 0;
  detail::check_cuda(cudaGetDevice(&index), "device");
  return at(index);
}

Gpu::Gpu(const DeviceFacts& facts) : facts_(facts), state_(new State) {
  const CurrentDevice current(index());
  detail::check_cuda(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "device");
  int pools = 0;
  detail::check_cuda(cudaDeviceGetAttribute(&pools, cudaDevAttrMemoryPoolsSupported, index()), "device");
  if (pools != 0) {
    // Memory given back stays with the process: asking the driver again costs a synchronisation.
    detail::check_cuda(cudaDeviceGetDefaultMemPool(&pool_, index()), "device");
    uint64_t keep = std::numeric_limits<uint64_t>::max();
    detail::check_cuda(cudaMemPoolSetAttribute(pool_, cudaMemPoolAttrReleaseThreshold, &keep), "device");
  }
  const std::lock_guard lock(streams().mutex);
  streams().gpu_of[stream_] = this;
}

cublasLtHandle_t Gpu::cublas_lt() {
  const std::lock_guard lock(state_->mutex);
  if (!cublas_lt_) {
    const CurrentDevice current(index());
    const cublasStatus_t status = cublasLtCreate(&cublas_lt_);
    check(status == CUBLAS_STATUS_SUCCESS, "cublasLt", "cannot be started on cuda:", index(), ": ",
          cublasLtGetStatusString(status));
  }
  return cublas_lt_;
}

cudnnHandle_t Gpu::cudnn(Stream stream) {
  const std::lock_guard lock(state_->mutex);
  if (!cudnn_) {
    const CurrentDevice current(index());
    const cudnnStatus_t status = cudnnCreate(&cudnn_);
    check(status == CUDNN_STATUS_SUCCESS, "cudnn", "cannot be started on cuda:", index(), ": ",
          cudnnGetErrorString(status));
  }
  const cudnnStatus_t status = cudnnSetStream(cudnn_, static_cast<cudaStream_t>(stream));
  check(status == CUDNN_STATUS_SUCCESS, "cudnn", "does not take the stream: ", cudnnGetErrorString(status));
  return cudnn_;
}

void Gpu::out_of_memory(size_t bytes) {
  size_t free = 0, total = 0;
  if (cudaMemGetInfo(&free, &total) != cudaSuccess) free = total = 0;
  (void)cudaGetLastError();
  fail("memory", "cuda:", index(), " has no ", gigabytes(bytes), " left: ", gigabytes(free), " of ",
       gigabytes(total), " are free; t2ue holds ", gigabytes(state_->held_bytes), " in ", state_->held.size(),
       " blocks, ", gigabytes(state_->scratch_bytes),
       " of it scratch of kernels; use smaller batches or models");
}

void* Gpu::allocate(size_t bytes) {
  const std::lock_guard lock(state_->mutex);
  const CurrentDevice current(index());
  const size_t size = (std::max<size_t>(bytes, 1) + 255) / 256 * 256;
  // On a stream that is being captured an asynchronous allocation would become part of the graph.
  const bool recorded = capturing(stream_);
  const bool pooled = pool_ != nullptr && !recorded;
  void* memory = nullptr;
  const auto attempt = [&] {
    return pooled ? cudaMallocAsync(&memory, size, stream_) : cudaMalloc(&memory, size);
  };
  if (!recorded)
    for (void* old : std::exchange(state_->released_in_capture, {})) (void)cudaFreeAsync(old, stream_);
  cudaError_t error = attempt();
  if (error == cudaErrorMemoryAllocation && !recorded) {
    (void)cudaGetLastError();
    detail::check_cuda(cudaStreamSynchronize(stream_), "memory");
    if (pool_) detail::check_cuda(cudaMemPoolTrimTo(pool_, 0), "memory");
    error = attempt();
  }
  if (error == cudaErrorMemoryAllocation) out_of_memory(size);
  detail::check_cuda(error, "memory");
  state_->held.emplace(memory, size);
  state_->held_bytes += size;
  state_->most_held_bytes = std::max(state_->most_held_bytes, state_->held_bytes);
  return memory;
}

size_t Gpu::memory_peak() const {
  const std::lock_guard lock(state_->mutex);
  return state_->most_held_bytes;
}

// Runs in destructors, also while the process ends and CUDA with it: what fails here shows in the next call.
void Gpu::release(void* memory) {
  if (!memory) return;
  const std::lock_guard lock(state_->mutex);
  if (const auto found = state_->held.find(memory); found != state_->held.end()) {
    state_->held_bytes -= found->second;
    state_->held.erase(found);
  }
  cudaStreamCaptureStatus status = cudaStreamCaptureStatusNone;
  if (cudaStreamIsCapturing(stream_, &status) == cudaSuccess && status != cudaStreamCaptureStatusNone)
    state_->released_in_capture.push_back(memory);
  else if (pool_)
    (void)cudaFreeAsync(memory, stream_);
  else
    (void)cudaFree(memory);
}

void Gpu::copy(void* to, const void* from, size_t bytes) {
  if (bytes == 0) return;
  check(!capturing(stream_), "copy", "copies to or from the host cannot be part of a captured step");
  const CurrentDevice current(index());
  detail::check_cuda(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDefault, stream_), "copy");
  detail::check_cuda(cudaStreamSynchronize(stream_), "copy");
}

void* Gpu::allocate_host(size_t bytes) {
  const CurrentDevice current(index());
  void* block = nullptr;
  const cudaError_t error = cudaHostAlloc(&block, std::max<size_t>(bytes, 1), cudaHostAllocDefault);
  if (error == cudaErrorMemoryAllocation) {
    (void)cudaGetLastError();
    fail("memory", "the host has no ", gigabytes(bytes), " left that can be page-locked");
  }
  detail::check_cuda(error, "memory");
  cudaEvent_t event = nullptr;
  const cudaError_t made = cudaEventCreateWithFlags(&event, cudaEventDisableTiming);
  if (made != cudaSuccess) (void)cudaFreeHost(block);
  detail::check_cuda(made, "memory");
  const std::lock_guard lock(state_->mutex);
  state_->host_blocks.emplace(block, event);
  return block;
}

// Runs in destructors, as release() does.
void Gpu::release_host(void* block) {
  if (!block) return;
  const std::lock_guard lock(state_->mutex);
  if (const auto found = state_->host_blocks.find(block); found != state_->host_blocks.end()) {
    (void)cudaEventSynchronize(found->second);
    (void)cudaEventDestroy(found->second);
    state_->host_blocks.erase(found);
  }
  (void)cudaFreeHost(block);
}

void Gpu::copy_later(void* to, const void* block, size_t bytes) {
  if (bytes == 0) return;
  check(!capturing(stream_), "copy", "copies to or from the host cannot be part of a captured step");
  const CurrentDevice current(index());
  const cudaEvent_t event = state_->event_of(block);
  detail::check_cuda(cudaMemcpyAsync(to, block, bytes, cudaMemcpyHostToDevice, stream_), "copy");
  detail::check_cuda(cudaEventRecord(event, stream_), "copy");
}

void Gpu::wait_host(const void* block) {
  detail::check_cuda(cudaEventSynchronize(state_->event_of(block)), "copy");
}

void Gpu::synchronise() {
  detail::check_cuda(cudaStreamSynchronize(stream_), "synchronise");
}

cudaGraphExec_t Gpu::capture(const std::function<void()>& record) {
  const CurrentDevice current(index());
  check(!capturing(stream_), "capture", "this device's stream is being captured already");
  // Relaxed: a library that loads a kernel or grows its memory while it is recorded may do so.
  detail::check_cuda(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeRelaxed), "capture");
  cudaGraph_t graph = nullptr;
  try {
    record();
  } catch (...) {
    (void)cudaStreamEndCapture(stream_, &graph);
    if (graph) (void)cudaGraphDestroy(graph);
    (void)cudaGetLastError();
    throw;
  }
  detail::check_cuda(cudaStreamEndCapture(stream_, &graph), "capture");
  cudaGraphExec_t executable = nullptr;
  const cudaError_t error = cudaGraphInstantiate(&executable, graph, 0);
  (void)cudaGraphDestroy(graph);
  detail::check_cuda(error, "capture");
  detail::check_cuda(cudaGraphUpload(executable, stream_), "capture");
  return executable;
}

void Gpu::replay(cudaGraphExec_t graph) {
  const CurrentDevice current(index());
  detail::check_cuda(cudaGraphLaunch(graph, stream_), "replay");
}

void Gpu::destroy(cudaGraphExec_t graph) {
  if (!graph) return;
  (void)cudaStreamSynchronize(stream_);
  (void)cudaGraphExecDestroy(graph);
}

void* Gpu::scratch(size_t bytes, Stream stream, int slot) {
  check(slot >= 0 && slot < scratch_slots, "scratch", "slots are 0..", scratch_slots - 1, ", got ", slot);
  const std::lock_guard lock(state_->mutex);
  State::Block& block = state_->scratch[{stream, slot}];
  const bool recorded = capturing(stream);
  if (bytes > block.bytes || !block.memory) {
    // What a captured step may point to stays where it is for good; other blocks make room first.
    const bool keep = block.captured || recorded;
    if (block.memory && !keep) {
      detail::check_cuda(cudaStreamSynchronize(static_cast<cudaStream_t>(stream)), "scratch");
      state_->scratch_bytes -= block.bytes;
      release(block.memory);
    }
    block = {};
    block.memory = allocate(bytes);
    if (stream != stream_ && !recorded)  // the memory is in order on our stream only
      detail::check_cuda(cudaStreamSynchronize(stream_), "scratch");
    block.bytes = state_->held.at(block.memory);
    state_->scratch_bytes += block.bytes;
  }
  block.captured |= recorded;
  return block.memory;
}

void* scratch(size_t bytes, Stream stream, int slot) {
  return Gpu::of(stream).scratch(bytes, stream, slot);
}

}  // namespace t2ue::cuda

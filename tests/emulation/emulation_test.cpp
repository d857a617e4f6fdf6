// The emulation against kernels with one planted mistake each: every one must be reported.
#include <gtest/gtest.h>

#include <errors.hpp>
#include <vector>

#include <emulation/device.hpp>
#include <emulation/memory.hpp>
#include <emulation/sanitizer.hpp>
#include <t2ue/core/rng.hpp>
#include <t2ue/cuda/gemm.hpp>
#include <t2ue/cuda/reduce.cuh>

namespace {

using namespace t2ue;
using namespace t2ue::T2UE_CUDA_NAMESPACE;
using testing_errors::expect_error;

/// An array of emulated device memory.
template <class T>
struct DeviceArray {
  explicit DeviceArray(size_t count)
      : count_(count), data(static_cast<T*>(emulation::allocate(count * sizeof(T)))) {}
  explicit DeviceArray(const std::vector<T>& values) : DeviceArray(values.size()) {
    std::copy(values.begin(), values.end(), data);
  }
  ~DeviceArray() { emulation::release(data); }
  DeviceArray(const DeviceArray&) = delete;
  DeviceArray& operator=(const DeviceArray&) = delete;
  std::vector<T> values() const { return {data, data + count_}; }

 private:
  size_t count_;

 public:
  T* data;
};

/// Each block turns its 64 numbers around; the barrier may be left out.
template <bool barrier>
__global__ void turn_around(const float* from, float* to) {
  T2UE_SHARED(float, held, 64);
  const int64_t base = int64_t{64} * blockIdx.x;
  held[threadIdx.x] = from[base + threadIdx.x];
  if (barrier) T2UE_SYNC_BLOCK();
  to[base + threadIdx.x] = held[63 - threadIdx.x];
}

std::vector<float> counting(size_t count) {
  std::vector<float> values(count);
  for (size_t i = 0; i < count; ++i) values[i] = static_cast<float>(i);
  return values;
}

TEST(Emulation, RunsBlocksWithBarriersAndSharedMemory) {
  const DeviceArray<float> from(counting(192)), to(192);
  launch("turn_around", turn_around<true>, 3, 64, 0, nullptr, from.data, to.data);
  for (size_t i = 0; i < 192; ++i) EXPECT_EQ(to.data[i], static_cast<float>(i / 64 * 64 + 63 - i % 64));
}

TEST(Emulation, FindsAMissingBarrier) {
  const DeviceArray<float> from(counting(64)), to(64);
  expect_error([&] { launch("turn_around", turn_around<false>, 1, 64, 0, nullptr, from.data, to.data); },
               {"[turn_around]", "order in which threads run", "byte 0 of an allocation of 256 bytes"});
}

/// Everybody keeps its number where the last one to write wins.
__global__ void race(float* to) {
  T2UE_SHARED(float, held, 1);
  held[0] = static_cast<float>(threadIdx.x);
  T2UE_SYNC_BLOCK();
  to[threadIdx.x] = held[0];
}
__global__ void race_of_blocks(float* to) {
  to[0] = static_cast<float>(blockIdx.x);
}
TEST(Emulation, FindsARace) {
  const DeviceArray<float> to(64);
  expect_error([&] { launch("race", race, 1, 64, 0, nullptr, to.data); }, {"[race]", "race"});
  expect_error([&] { launch("race_of_blocks", race_of_blocks, 2, 1, 0, nullptr, to.data); }, {"race"});
}

/// The second round overwrites what slow threads still read.
template <bool barrier>
__global__ void two_rounds(float* to) {
  T2UE_SHARED(float, held, 32);
  float sum = 0;
  for (int round = 0; round < 2; ++round) {
    if (barrier) T2UE_SYNC_BLOCK();
    held[threadIdx.x] = static_cast<float>((round + 1) * static_cast<int>(threadIdx.x));
    T2UE_SYNC_BLOCK();
    sum += held[(threadIdx.x + 1) % 32];
  }
  to[threadIdx.x] = sum;
}
TEST(Emulation, FindsABarrierMissingBeforeReuse) {
  const DeviceArray<float> to(32);
  launch("two_rounds", two_rounds<true>, 1, 32, 0, nullptr, to.data);
  EXPECT_EQ(to.data[0], 3);
  expect_error([&] { launch("two_rounds", two_rounds<false>, 1, 32, 0, nullptr, to.data); }, {"race"});
}

__global__ void read_unwritten(float* to) {
  T2UE_DYNAMIC_SHARED(float, held);
  to[threadIdx.x] = held[threadIdx.x];
}
TEST(Emulation, FindsSharedMemoryReadBeforeItIsWritten) {
  const DeviceArray<float> to(32);
  expect_error([&] { launch("read_unwritten", read_unwritten, 1, 32, 128, nullptr, to.data); },
               {"[read_unwritten]", "read before it is written"});
}

__global__ void some_arrive(float* to) {
  if (threadIdx.x < 32) T2UE_SYNC_BLOCK();
  to[threadIdx.x] = 1;
}
__global__ void two_barriers(float* to) {
  if (threadIdx.x < 32)
    T2UE_SYNC_BLOCK();
  else
    T2UE_SYNC_BLOCK();
  to[threadIdx.x] = 1;
}
__global__ void some_loop_longer(float* to) {
  for (unsigned i = 0; i <= threadIdx.x / 32; ++i) T2UE_SYNC_BLOCK();
  to[threadIdx.x] = 1;
}
__global__ void wait_for_each_other(float* to) {
  if (threadIdx.x == 0)
    T2UE_SYNC_WARP();
  else
    T2UE_SYNC_BLOCK();
  to[threadIdx.x] = 1;
}
TEST(Emulation, FindsBarriersThatOnlySomeThreadsReach) {
  const DeviceArray<float> to(64);
  const std::string here = "emulation_test.cpp:";
  expect_error(
      [&] { launch("some_arrive", some_arrive, 1, 64, 0, nullptr, to.data); },
      {"[some_arrive] block (0,0,0), thread (32,0,0)", "thread (0,0,0) waits at " + here, "only some"});
  expect_error([&] { launch("two_barriers", two_barriers, 1, 64, 0, nullptr, to.data); },
               {"thread (32,0,0): came to " + here, "thread (0,0,0) waits at " + here});
  expect_error([&] { launch("some_loop_longer", some_loop_longer, 1, 64, 0, nullptr, to.data); },
               {"some_loop_longer", "threads that should meet there have ended"});
  expect_error([&] { launch("wait_for_each_other", wait_for_each_other, 1, 64, 0, nullptr, to.data); },
               {"no thread can go on", "thread (0,0,0) waits at", "thread (1,0,0) waits at"});
}

__global__ void shuffle_by_some(float* to) {
  if (threadIdx.x < 16) to[threadIdx.x] = shuffle(1.0f, 0);
}
TEST(Emulation, FindsShufflesOfHalfAWarp) {
  const DeviceArray<float> to(32);
  expect_error([&] { launch("shuffle_by_some", shuffle_by_some, 1, 32, 0, nullptr, to.data); },
               {"shuffle_by_some"});
  expect_error([&] { launch("shuffle_by_some", shuffle_by_some, 1, 16, 0, nullptr, to.data); },
               {"needs a warp of 32 threads"});
}

__global__ void write_shared(int place, float* to) {
  T2UE_SHARED(float, held, 10);
  held[place] = 1;
  to[0] = held[place];
}
__global__ void write_dynamic(int place, float* to) {
  T2UE_DYNAMIC_SHARED(float, held);
  held[place] = 1;
  to[0] = held[place];
}
__global__ void write_global(int64_t place, float* to) {
  to[place] = 1;
}
__global__ void read_global(int64_t place, const float* from, float* to) {
  to[0] = from[place];
}

#if T2UE_ASAN
// The sanitizers end the program at the line itself.
#define EXPECT_OUT_OF_BOUNDS(call, ...) EXPECT_DEATH(call, "AddressSanitizer|out of bounds")
#else
#define EXPECT_OUT_OF_BOUNDS(call, ...) expect_error([&] { call; }, {__VA_ARGS__})
#endif

TEST(Emulation, FindsWritesOutsideSharedMemory) {
  const DeviceArray<float> to(1);
  launch("write_shared", write_shared, 1, 1, 0, nullptr, 9, to.data);
  for (const int place : {-1, 10})
    EXPECT_OUT_OF_BOUNDS(launch("write_shared", write_shared, 1, 1, 0, nullptr, place, to.data),
                         "[write_shared] block (0,0,0)", "emulation_test.cpp", "which has 40 bytes");
  launch("write_dynamic", write_dynamic, 1, 1, 40, nullptr, 9, to.data);
  EXPECT_OUT_OF_BOUNDS(launch("write_dynamic", write_dynamic, 1, 1, 40, nullptr, 10, to.data), "byte 40",
                       "dynamic shared memory");
  EXPECT_OUT_OF_BOUNDS(launch("write_dynamic", write_dynamic, 1, 1, 0, nullptr, 0, to.data), "dynamic");
}

TEST(Emulation, FindsWritesOutsideGlobalMemory) {
  const DeviceArray<float> to(3);
  for (const int place : {-1, 3, 100})
    EXPECT_OUT_OF_BOUNDS(launch("write_global", write_global, 1, 1, 0, nullptr, place, to.data),
                         "[write_global]", concat("byte ", 4 * place), "allocation of 12 bytes");
  launch("write_global", write_global, 1, 1, 0, nullptr, 2, to.data);
}

TEST(Emulation, FindsReadsOutsideGlobalMemory) {
  const DeviceArray<float> from({1.0f, 2.0f, 3.0f}), to(1);
#if T2UE_ASAN
  EXPECT_DEATH(launch("read_global", read_global, 1, 1, 0, nullptr, 3, from.data, to.data),
               "AddressSanitizer");
#else
  launch("read_global", read_global, 1, 1, 0, nullptr, 3, from.data, to.data);
  EXPECT_TRUE(std::isnan(to.data[0])) << "what lies outside is NaN";
#endif
}

TEST(Emulation, LimitsAreCudas) {
  const DeviceArray<float> to(1);
  const auto with = [&](dim3 grid, dim3 block, size_t shared) {
    launch("write_global", write_global, grid, block, shared, nullptr, 0, to.data);
  };
  expect_error([&] { with(1, 1025, 0); }, {"1 to 1024 threads"});
  expect_error([&] { with({1, 65536}, 1, 0); }, {"passes CUDA's limit"});
  expect_error([&] { with(1, 1, 228 * 1024); }, {"dynamic shared memory"});
}

__global__ void sum_blocks(const float* from, float* to) {
  T2UE_SHARED(float, slots, 32);
  const float sum = block_sum(from[blockDim.x * blockIdx.x + threadIdx.x], slots);
  to[blockDim.x * blockIdx.x + threadIdx.x] = sum;
}
TEST(Emulation, ShufflesSumABlock) {
  const DeviceArray<float> from(counting(512)), to(512);
  launch("sum_blocks", sum_blocks, 2, 256, 0, nullptr, from.data, to.data);
  for (size_t i = 0; i < 512; ++i) EXPECT_EQ(to.data[i], i < 256 ? 32640 : 98176) << i;
}

/// One warp: c [16,8] = a [16,16] b [16,8], by way of shared memory.
__global__ void multiply(const bf16* a, const bf16* b, float* c) {
  T2UE_SHARED(bf16, tile_a, 16 * 16);
  T2UE_SHARED(bf16, tile_b, 16 * 16);
  const int lane = static_cast<int>(threadIdx.x);
  copy_async(tile_a + 8 * lane, a + 8 * lane);
  for (int i = lane; i < 16 * 16; i += 32) tile_b[i] = i % 16 < 8 ? b[i / 16 * 8 + i % 16] : bf16(0.0f);
  copies_done();
  T2UE_SYNC_WARP();
  uint32_t ra[4], rb[4];
  load_tiles(ra, tile_a + lane % 16 * 16 + lane / 16 * 8);
  load_tiles_transposed(rb, tile_b + lane % 16 * 16 + lane / 16 * 8);
  float d[4] = {0, 0, 0, 0};
  const uint32_t left[2] = {rb[0], rb[1]};
  mma_16x8x16(d, ra, left);
  const int row = lane / 4, column = 2 * (lane % 4);
  c[row * 8 + column] = d[0], c[row * 8 + column + 1] = d[1];
  c[(row + 8) * 8 + column] = d[2], c[(row + 8) * 8 + column + 1] = d[3];
}

std::vector<bf16> random_bf16(size_t count, uint64_t item) {
  Random random(7, Purpose::test, item);
  std::vector<bf16> values;
  for (size_t i = 0; i < count; ++i) values.emplace_back(random.uniform(-1, 1));
  return values;
}

TEST(Emulation, TensorCoreTilesMakeAProduct) {
  const DeviceArray<bf16> a(random_bf16(256, 1)), b(random_bf16(128, 2));
  const DeviceArray<float> c(128), plain(128);
  launch("multiply", multiply, 1, 32, 0, nullptr, a.data, b.data, c.data);
  gemm({.m = 16,
        .n = 8,
        .k = 16,
        .a = a.data,
        .b = b.data,
        .c = plain.data,
        .lda = 16,
        .ldb = 8,
        .ldc = 8,
        .in = DType::bf16},
       nullptr);
  for (size_t i = 0; i < 128; ++i) {
    double sum = 0;
    for (size_t k = 0; k < 16; ++k)
      sum += static_cast<double>(static_cast<float>(a.data[i / 8 * 16 + k])) *
             static_cast<double>(static_cast<float>(b.data[k * 8 + i % 8]));
    EXPECT_NEAR(static_cast<double>(c.data[i]), sum, 1e-5) << i;
    EXPECT_NEAR(static_cast<double>(plain.data[i]), sum, 1e-5) << i;
  }
}

__global__ void copy_and_forget(const float* from, float* to) {
  T2UE_SHARED(float, held, 4);
  copy_async(held, from);
  to[0] = held[0];
}
TEST(Emulation, FindsCopiesThatNobodyWaitedFor) {
  const DeviceArray<float> from(4), to(1);
  expect_error([&] { launch("copy_and_forget", copy_and_forget, 1, 1, 0, nullptr, from.data, to.data); },
               {"copy_async", "copies_done"});
  expect_error([&] { launch("copy_and_forget", copy_and_forget, 1, 1, 0, nullptr, from.data + 1, to.data); },
               {"emulation_test.cpp", "aligned to 16 bytes"});
}

TEST(Emulation, GemmTakesEveryLayout) {
  const int64_t m = 3, n = 4, k = 5, batch = 2;
  for (const bool ta : {false, true})
    for (const bool tb : {false, true}) {
      const DeviceArray<float> a(counting(m * k * batch)), b(counting(k * n * batch)), bias(counting(n));
      const DeviceArray<float> c(std::vector<float>(m * n * batch, 2.0f));
      gemm({.transpose_a = ta,
            .transpose_b = tb,
            .m = m,
            .n = n,
            .k = k,
            .a = a.data,
            .b = b.data,
            .c = c.data,
            .lda = ta ? m : k,
            .ldb = tb ? k : n,
            .ldc = n,
            .alpha = 0.5f,
            .beta = 3,
            .bias = bias.data,
            .batch = batch,
            .stride_a = m * k,
            .stride_b = k * n,
            .stride_c = m * n},
           nullptr);
      for (int64_t s = 0; s < batch; ++s)
        for (int64_t i = 0; i < m; ++i)
          for (int64_t j = 0; j < n; ++j) {
            float sum = 0;
            for (int64_t x = 0; x < k; ++x)
              sum += a.data[s * m * k + (ta ? x * m + i : i * k + x)] *
                     b.data[s * k * n + (tb ? j * k + x : x * n + j)];
            EXPECT_FLOAT_EQ(c.data[s * m * n + i * n + j], 0.5f * sum + 6 + static_cast<float>(j));
          }
    }
}

TEST(Emulation, ACapturedStepRunsWhenItIsReplayed) {
  const DeviceArray<float> to(1);
  emulation::begin_capture();
  launch("write_global", write_global, 1, 1, 0, nullptr, 0, to.data);
  const auto step = emulation::end_capture();
  EXPECT_TRUE(std::isnan(to.data[0]));
  for (const auto& call : step->calls) call.work();
  EXPECT_EQ(to.data[0], 1);
}

TEST(Emulation, ScratchIsFreshAtEveryCall) {
  auto* first = static_cast<float*>(scratch(8, nullptr));
  first[0] = 1;
  EXPECT_TRUE(std::isnan(static_cast<float*>(scratch(8, nullptr))[0]));
  EXPECT_NE(scratch(8, nullptr, 1), scratch(8, nullptr, 0));
}

}  // namespace

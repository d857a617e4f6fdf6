// The CUDA runtime: why there is no device, and, where there is one, memory, copies and captured work.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <errors.hpp>
#include <numeric>

#include <t2ue/core/staged_copy.hpp>
#include <t2ue/core/tensor.hpp>
#include <t2ue/cuda/backend.hpp>
#include <t2ue/cuda/convert.hpp>
#include <t2ue/cuda/convolution.hpp>
#include <t2ue/cuda/gemm.hpp>
#include <t2ue/cuda/runtime.hpp>

namespace {

using namespace t2ue;
using namespace t2ue::cuda;
using testing::HasSubstr;
using testing_errors::error_of;

#define T2UE_NEEDS_GPU() \
  if (!why_unusable().empty()) GTEST_SKIP() << "no GPU: " << why_unusable()

std::vector<float> numbers(size_t count) {
  std::vector<float> values(count);
  for (size_t i = 0; i < count; ++i) values[i] = static_cast<float>(i % 17) - 8.0f;
  return values;
}

TEST(Runtime, WithoutAGpuSaysWhy) {
  const Discovery& found = discover();
  if (!found.devices.empty()) GTEST_SKIP() << "there is a GPU: " << found.devices[0].name;
  EXPECT_THAT(found.problem, HasSubstr("driver "));
  EXPECT_EQ(why_unusable(), found.problem);
  const std::string error = error_of([] { cuda_backend(0); });
  EXPECT_THAT(error, HasSubstr(found.problem));
  EXPECT_THAT(error, HasSubstr("--device cpu"));
  EXPECT_EQ(error_of([] { Tensor({4}, DType::f32, {DeviceKind::cuda, 0}); }), error);
  EXPECT_EQ(parse_device("auto").kind, DeviceKind::cpu);
}

TEST(Runtime, KnowsItsLibraries) {
  const LibraryVersions versions = library_versions();
  EXPECT_THAT(versions.runtime, testing::StartsWith(std::to_string(CUDART_VERSION / 1000) + "."));
  EXPECT_THAT(versions.cublas_lt, HasSubstr("."));
  EXPECT_THAT(versions.cudnn, testing::StartsWith("9."));
}

TEST(Runtime, AFunctionThatALibraryLacksIsAnError) {
  const std::string error = error_of([] { address_in(Library::cudnn, "cudnnMakeCoffee"); });
  EXPECT_THAT(error, HasSubstr("libcudnn.so.9 has no cudnnMakeCoffee"));
}

TEST(Runtime, ErrorsNameTheirPlaceAndCuda) {
  const std::string error =
      error_of([] { t2ue::cuda::detail::check_cuda(cudaErrorInvalidValue, "some op"); });
  EXPECT_THAT(error, HasSubstr("[some op] cudaErrorInvalidValue"));
  t2ue::cuda::detail::check_cuda(cudaSuccess, "some op");
  EXPECT_THAT(error_of([] { t2ue::cuda::detail::check_cuda(cudaErrorNoKernelImageForDevice, "x"); }),
              HasSubstr("CMAKE_CUDA_ARCHITECTURES"));
}

TEST(Runtime, ADeviceThatIsNotThereIsAnError) {
  T2UE_NEEDS_GPU();
  EXPECT_THAT(error_of([] { cuda_backend(99); }), HasSubstr("cuda:99"));
}

TEST(Runtime, MemoryIsAlignedAndCopiesCompleteBeforeTheyReturn) {
  T2UE_NEEDS_GPU();
  Gpu& gpu = Gpu::at(0);
  for (const size_t count : {size_t{1}, size_t{77}, size_t{5'000'000}}) {
    void* first = gpu.allocate(count * sizeof(float));
    void* second = gpu.allocate(count * sizeof(float));
    EXPECT_EQ(reinterpret_cast<uintptr_t>(first) % 256, 0U);
    const std::vector<float> values = numbers(count);
    std::vector<float> back(count);
    gpu.copy(first, values.data(), count * sizeof(float));
    gpu.copy(second, first, count * sizeof(float));
    gpu.copy(back.data(), second, count * sizeof(float));
    EXPECT_EQ(back, values);
    EXPECT_GE(gpu.memory_peak(), 2 * count * sizeof(float));
    gpu.release(first);
    gpu.release(second);
  }
  gpu.copy(nullptr, nullptr, 0);
  gpu.release(nullptr);
}

TEST(Runtime, StagedCopiesArriveInTurn) {
  T2UE_NEEDS_GPU();
  const Device device{DeviceKind::cuda, 0};
  const Tensor target({1'000'000}, DType::f32, device);
  StagedCopy staged(target);
  for (int round = 0; round < 5; ++round) {
    const std::vector<float> values(1'000'000, static_cast<float>(round));
    staged.assign(std::span<const float>(values));
    EXPECT_EQ(target.to_vector<float>(), values) << round;
  }
  EXPECT_THAT(error_of([&] { Gpu::at(0).wait_host(&device); }), HasSubstr("allocate_host"));
}

TEST(Runtime, OutOfMemorySaysWhatWasAskedForAndWhatIsFree) {
  T2UE_NEEDS_GPU();
  Gpu& gpu = Gpu::at(0);
  const std::string error = error_of([&] { gpu.allocate(gpu.facts().memory * 2); });
  EXPECT_THAT(error, HasSubstr("[memory] cuda:0 has no "));
  EXPECT_THAT(error, HasSubstr("are free"));
  EXPECT_THAT(error, HasSubstr("t2ue holds"));
  void* memory = gpu.allocate(1024);
  EXPECT_NE(memory, nullptr) << "the device is usable afterwards";
  gpu.release(memory);
}

TEST(Runtime, ScratchGrowsAndStaysWhereACapturedStepMayPoint) {
  T2UE_NEEDS_GPU();
  Gpu& gpu = Gpu::at(0);
  void* before = scratch(1000, gpu.stream(), 3);
  EXPECT_EQ(scratch(500, gpu.stream(), 3), before);
  EXPECT_NE(scratch(500, gpu.stream(), 2), before);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(before) % 256, 0U);
  const Tensor result({1}, DType::f32, {DeviceKind::cuda, 0});
  const float seven = 7.0f;
  void* captured_at = nullptr;
  const cudaGraphExec_t graph = gpu.capture([&] {
    captured_at = scratch(1000, gpu.stream(), 3);
    convert(captured_at, DType::f32, result.data(), DType::f32, 1, false, gpu.stream());
  });
  gpu.copy(captured_at, &seven, sizeof seven);
  EXPECT_NE(scratch(1'000'000, gpu.stream(), 3), captured_at);
  gpu.replay(graph);
  EXPECT_EQ(result.item(), 7.0f);
  gpu.destroy(graph);
}

TEST(Runtime, ReplaysWhatWasCaptured) {
  T2UE_NEEDS_GPU();
  Gpu& gpu = Gpu::at(0);
  const Tensor sum = Tensor::of(std::vector<float>{0, 0, 0}, {3}, {DeviceKind::cuda, 0});
  const Tensor one = Tensor::of(std::vector<float>{1, 2, 3}, {3}, {DeviceKind::cuda, 0});
  const auto add = [&] { convert(one.data(), DType::f32, sum.data(), DType::f32, 3, true, gpu.stream()); };
  const cudaGraphExec_t graph = gpu.capture(add);
  EXPECT_EQ(sum.to_vector<float>(), (std::vector<float>{0, 0, 0})) << "recorded, not run";
  for (int i = 0; i < 5; ++i) gpu.replay(graph);
  add();
  EXPECT_EQ(sum.to_vector<float>(), (std::vector<float>{6, 12, 18}));
  gpu.destroy(graph);

  EXPECT_THAT(error_of([&] { gpu.capture([&] { sum.item(); }); }), HasSubstr("one element"));
  EXPECT_THAT(error_of([&] { gpu.capture([&] { sum.to_vector<float>(); }); }), HasSubstr("captured"));
  EXPECT_FALSE(capturing(gpu.stream())) << "a capture that failed is over";
  add();
  gpu.synchronise();
}

/// c = a b^T + bias on the device in the given types, against plain sums.
void check_product(DType in, DType out, int64_t m, int64_t n, int64_t k, bool bias) {
  SCOPED_TRACE(concat(name_of(in), " to ", name_of(out), " ", m, " ", n, " ", k, bias ? " bias" : ""));
  const Device device{DeviceKind::cuda, 0};
  const Stream stream = cuda_backend(0).stream(device);
  const std::vector<float> a = numbers(static_cast<size_t>(m * k)), b = numbers(static_cast<size_t>(n * k));
  const std::vector<float> added = numbers(static_cast<size_t>(n));
  const auto on_device = [&](const std::vector<float>& values, DType type) {
    const auto count = static_cast<int64_t>(values.size());
    const Tensor wide = Tensor::of(values, {count}, device);
    Tensor made({count}, type, device);
    convert(wide.data(), DType::f32, made.data(), type, count, false, stream);
    return made;
  };
  const Tensor da = on_device(a, in), db = on_device(b, in), dbias = on_device(added, DType::f32);
  Tensor c({m, n}, out, device), wide({m, n}, DType::f32, device);
  GemmArgs args;
  args.transpose_b = true;
  args.m = m, args.n = n, args.k = k;
  args.a = da.data(), args.b = db.data(), args.c = c.data();
  args.lda = k, args.ldb = k, args.ldc = n;
  args.in = in, args.out = out;
  args.bias = bias ? dbias.view().f32() : nullptr;
  gemm(args, stream);
  convert(c.data(), out, wide.data(), DType::f32, m * n, false, stream);
  const std::vector<float> result = wide.to_vector<float>();
  for (int64_t i = 0; i < m; ++i)
    for (int64_t j = 0; j < n; ++j) {
      float sum = bias ? added[static_cast<size_t>(j)] : 0.0f;
      for (int64_t l = 0; l < k; ++l)
        sum += a[static_cast<size_t>(i * k + l)] * b[static_cast<size_t>(j * k + l)];
      if (out == DType::bf16) sum = static_cast<float>(bf16(sum));
      ASSERT_EQ(result[static_cast<size_t>(i * n + j)], sum) << i << "," << j;
    }
}

// Small whole numbers: every sum is exact, whatever its order.
TEST(Gemm, OfWholeNumbersIsExact) {
  T2UE_NEEDS_GPU();
  for (const bool bias : {false, true})
    for (const auto& [m, n, k] :
         {std::array<int64_t, 3>{1, 1, 1}, {3, 5, 7}, {64, 128, 32}, {17, 100, 77}, {8, 8, 4096}}) {
      check_product(DType::f32, DType::f32, m, n, k, bias);
      check_product(DType::bf16, DType::f32, m, n, k, bias);
      check_product(DType::bf16, DType::bf16, m, n, k, bias);
    }
}

TEST(Gemm, RefusesWhatItCannotDo) {
  GemmArgs args;
  args.m = args.n = args.k = args.lda = args.ldb = args.ldc = 4;
  args.out = DType::bf16;
  EXPECT_THAT(error_of([&] { gemm(args, nullptr); }), HasSubstr("[gemm]"));
  args.out = DType::f32, args.k = 0;
  EXPECT_THAT(error_of([&] { gemm(args, nullptr); }), HasSubstr("no terms"));
}

// What cuDNN declines silently would only be slow: on a GPU it must take the shapes that models are made of.
TEST(Convolution, IsTakenByCudnn) {
  T2UE_NEEDS_GPU();
  const Device device{DeviceKind::cuda, 0};
  const Stream stream = cuda_backend(0).stream(device);
  Conv2dArgs args;
  const Tensor x({8, 32, 32, 64}, DType::bf16, device), w({128, 3, 3, 64}, DType::bf16, device);
  const Tensor b = Tensor::zeros({128}, DType::f32, device), y({8, 32, 32, 128}, DType::bf16, device);
  const Tensor dw({128, 3, 3, 64}, DType::f32, device);
  args.x = x.view(), args.w = w.view(), args.b = b.view(), args.y = y.view();
  args.pad = 1;
  EXPECT_TRUE(cudnn_conv2d(args, stream));
  Conv2dGradArgs grad;
  grad.x = x.view(), grad.w = w.view(), grad.dy = y.view(), grad.pad = 1;
  static_cast<View&>(grad.dx) = x.view();
  grad.dx.accumulate = true;
  static_cast<View&>(grad.dw) = dw.view();
  const ConvolutionGradients done = cudnn_conv2d_grad(grad, stream);
  EXPECT_TRUE(done.dx);
  EXPECT_TRUE(done.dw);
  for (const std::string& line : describe_convolutions()) RecordProperty("convolution", line);
}

}  // namespace

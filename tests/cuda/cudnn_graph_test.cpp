// Every operation graph that cuda/convolution.cpp can ask for, finalised by cuDNN: no GPU is needed for that.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <t2ue/cuda/convolution_graph.hpp>

namespace {

using namespace t2ue;
using namespace t2ue::cuda;
using testing::HasSubstr;

ConvolutionProblem problem_of(ConvolutionKind kind, DType type, int64_t in_channels, int64_t out_channels,
                              int64_t window, int64_t stride) {
  ConvolutionProblem p;
  p.kind = kind;
  p.type = type;
  p.n = 4, p.h = 15, p.w = 18, p.c = in_channels, p.k = out_channels;
  p.r = p.s = window;
  p.stride = stride, p.pad = window / 2;
  p.p = (p.h + 2 * p.pad - p.r) / p.stride + 1;
  p.q = (p.w + 2 * p.pad - p.s) / p.stride + 1;
  return p;
}

/// The engines that know the pattern.
int64_t engines_of(const ConvolutionProblem& problem) {
  cudnn::Graph graph = convolution_graph(problem);
  graph.finalize();
  return graph.engines();
}

class CudnnGraphs : public testing::TestWithParam<std::tuple<ConvolutionKind, DType>> {};

TEST_P(CudnnGraphs, AreFinalised) {
  const auto [kind, in] = GetParam();
  for (const int64_t c : {3, 64, 100, 512})
    for (const int64_t k : {3, 64, 100, 512})
      for (const int64_t window : {1, 3})
        for (const int64_t stride : {1, 2}) {
          const ConvolutionProblem problem = problem_of(kind, in, c, k, window, stride);
          EXPECT_GT(engines_of(problem), 0) << text_of(problem);
        }
}

std::string name_of_kind(const testing::TestParamInfo<std::tuple<ConvolutionKind, DType>>& kind) {
  constexpr const char* names[] = {"forward", "forward_bias", "data_gradient", "weight_gradient"};
  return concat(names[static_cast<size_t>(std::get<0>(kind.param))], "_", name_of(std::get<1>(kind.param)));
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, CudnnGraphs,
    testing::Combine(testing::Values(ConvolutionKind::forward, ConvolutionKind::forward_bias,
                                     ConvolutionKind::data_gradient, ConvolutionKind::weight_gradient),
                     testing::Values(DType::f32, DType::bf16)),
    name_of_kind);

TEST(ConvolutionProblem, IsSplitSoThatEnginesCanCount) {
  ConvolutionProblem problem = problem_of(ConvolutionKind::weight_gradient, DType::bf16, 128, 64, 3, 1);
  problem.h = problem.w = problem.p = problem.q = 256;
  for (const auto& [batch, pieces] :
       {std::pair<int64_t, int64_t>{128, 1}, {255, 1}, {256, 2}, {512, 4}, {509, 509}}) {
    problem.n = batch;
    EXPECT_EQ(pieces_of(problem), pieces) << batch;
  }
}

TEST(CudnnGraph, OfPatchesAndUnalignedMemory) {
  ConvolutionProblem patches = problem_of(ConvolutionKind::forward_bias, DType::bf16, 3, 768, 32, 32);
  patches.h = patches.w = 224, patches.pad = 0, patches.p = patches.q = 7;
  EXPECT_GT(engines_of(patches), 0);
  patches.x_alignment = patches.weight_alignment = 2, patches.bias_alignment = 4;
  EXPECT_GT(engines_of(patches), 0);
}

std::string error_of(const ConvolutionProblem& problem) {
  try {
    engines_of(problem);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(CudnnGraph, ThatIsImpossibleIsAnErrorWithItsStatus) {
  ConvolutionProblem wrong_size = problem_of(ConvolutionKind::forward, DType::bf16, 64, 64, 3, 1);
  wrong_size.p += 1;
  EXPECT_THAT(error_of(wrong_size), HasSubstr("CUDNN_STATUS_BAD_PARAM"));
  EXPECT_THAT(error_of(wrong_size), HasSubstr("convolution"));
  ConvolutionProblem no_stride = problem_of(ConvolutionKind::data_gradient, DType::f32, 64, 64, 3, 1);
  no_stride.stride = 0;
  EXPECT_THAT(error_of(no_stride), HasSubstr("CUDNN_STATUS_"));
  cudnn::Graph empty;
  EXPECT_THROW(empty.finalize(), Error);
}

}  // namespace

// Which plans cuDNN makes on a Hopper GPU for the convolutions of our models, asked of its heuristics without
// one. h200_properties.json holds the published figures of an H200: it was not read from a device. On a GPU
// the test takes the GPU's own, and writes them where T2UE_DEVICE_PROPERTIES says.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <errors.hpp>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include <t2ue/core/atomic_file.hpp>
#include <t2ue/core/ops/ops.hpp>
#include <t2ue/cuda/backend.hpp>
#include <t2ue/cuda/convolution_graph.hpp>
#include <t2ue/cuda/convolution_shapes.hpp>
#include <t2ue/models/classifiers/configs.hpp>
#include <t2ue/models/configs.hpp>

#include "../../benchmarks/memoryless_device.hpp"

namespace {

using namespace t2ue;
using namespace t2ue::cuda;
using testing::HasSubstr;

std::set<ConvolutionProblem>& met() {
  static std::set<ConvolutionProblem> problems;
  return problems;
}

/// Runs nothing, and notes the convolutions that it is asked for.
Device noting_device() {
  static const Device device = [] {
    Backend backend = benchmarks::memoryless_backend("noting");
#define T2UE_NOTHING(op, Args) backend.kernels.op = [](const Args&, Stream) {};
    T2UE_OPS(T2UE_NOTHING)
#undef T2UE_NOTHING
    backend.kernels.conv2d = [](const Conv2dArgs& args, Stream) {
      Conv2dArgs a = args;
      if (becomes_product(a.x, a.w, a.y, a.stride, a.pad)) return;
      met().insert(problem_of(ConvolutionKind::forward, a.x, a.w, a.y, a.stride, a.pad));
    };
    return add_backend(backend);
  }();
  return device;
}

Var picture(Graph& g, Precision precision, int64_t side) {
  const DType type = precision == Precision::bf16 ? DType::bf16 : DType::f32;
  return g.input(Tensor({1, side, side, 3}, type, noting_device()));
}
Var row(Graph& g, int64_t size) {
  return g.input(Tensor({1, size}, DType::f32, noting_device()));
}

/// The convolutions of what `record` records of a model, for one picture. In bf16 some have more channels.
template <class Model, class Record>
std::set<ConvolutionProblem> convolutions_of(Model& model, Precision precision, Record&& record) {
  const ParameterSet parameters(model, 1, noting_device(), precision);
  Graph g(backend_of(noting_device()), noting_device(), Execution::eager, false, precision);
  met().clear();
  record(g);
  return met();
}

cudnn::DeviceProperties hopper() {
  if (why_unusable().empty()) return cudnn::DeviceProperties::of_device(0);
  return cudnn::DeviceProperties::parse(read_text(T2UE_SOURCE_DIR "/tests/cuda/h200_properties.json"));
}

/// Forward and both gradients of each, for `batch` pictures: there is a plan, and in bf16 and TF32 the one
/// that cuDNN recommends first uses tensor cores.
void expect_plans(const std::set<ConvolutionProblem>& convolutions, Precision precision, int64_t batch) {
  const cudnn::DeviceProperties device = hopper();
  const auto device_bytes = nlohmann::json::parse(device.json()).at("totalGlobalMem").get<size_t>();
  ASSERT_FALSE(convolutions.empty());
  for (ConvolutionProblem problem : convolutions)
    for (const ConvolutionKind kind :
         {ConvolutionKind::forward, ConvolutionKind::data_gradient, ConvolutionKind::weight_gradient}) {
      problem.n = batch, problem.kind = kind;
      problem.type = precision == Precision::bf16 ? DType::bf16 : DType::f32;
      problem.n /= pieces_of(problem);
      cudnn::Graph graph = convolution_graph(problem);
      graph.finalize();
      const std::vector<cudnn::Plan> plans =
          graph.plans(device, convolution_limits(problem, precision == Precision::tf32, device_bytes));
      if (plans.empty())
        ADD_FAILURE() << "no plan: " << text_of(problem);
      else
        EXPECT_EQ(plans.front().tensor_cores(), precision != Precision::fp32)
            << plans.front().name() << ", " << plans.front().workspace() << " bytes: " << text_of(problem);
    }
}

class CudnnPlans : public testing::TestWithParam<Precision> {
 protected:
  /// What a model is recorded in: the device that notes has no TF32, which changes no shapes.
  Precision recorded() const { return GetParam() == Precision::tf32 ? Precision::fp32 : GetParam(); }
};

TEST_P(CudnnPlans, OfThePapersGenerator) {
  Generator generator(generator_config("t2ue"));
  const auto convolutions = convolutions_of(generator, recorded(), [&](Graph& g) {
    generator.noise(row(g, generator.config.condition()), row(g, generator.config.latents()));
  });
  for (const int64_t batch : {32, 128, 512}) expect_plans(convolutions, GetParam(), batch);
}

TEST_P(CudnnPlans, OfAResidualTower) {
  ModifiedResNet tower(*clip_config("RN50").modified_resnet);
  const auto convolutions =
      convolutions_of(tower, recorded(), [&](Graph& g) { tower(picture(g, recorded(), 224)); });
  for (const int64_t batch : {128, 1024}) expect_plans(convolutions, GetParam(), batch);
}

TEST_P(CudnnPlans, OfAClassifier) {
  Classifier classifier(classifier_config("resnet18"));
  const auto convolutions =
      convolutions_of(classifier, recorded(), [&](Graph& g) { classifier(picture(g, recorded(), 32)); });
  expect_plans(convolutions, GetParam(), 128);
}

INSTANTIATE_TEST_SUITE_P(Precisions, CudnnPlans,
                         testing::Values(Precision::fp32, Precision::tf32, Precision::bf16),
                         [](const auto& each) { return std::string(name_of(each.param)); });

TEST(CudnnDeviceProperties, AreReadAndWritten) {
  const cudnn::DeviceProperties device = hopper();
  const std::string json = device.json();
  EXPECT_THAT(json, HasSubstr("multiProcessorCount"));
  EXPECT_EQ(cudnn::DeviceProperties::parse(json).json(), json);
  if (const char* path = std::getenv("T2UE_DEVICE_PROPERTIES"); path && why_unusable().empty()) {
    std::ofstream(path) << json << "\n";
  }
  EXPECT_THAT(testing_errors::error_of([] { cudnn::DeviceProperties::parse("{}"); }),
              HasSubstr("maxGridSize"));
}

}  // namespace

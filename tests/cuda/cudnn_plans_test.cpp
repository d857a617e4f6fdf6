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
#include <sstream>

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
      if (unfold_patches(a.x, a.w, a.y, a.stride, a.pad) || is_product(a.w, a.stride, a.pad)) return;
      met().insert(problem_of(ConvolutionKind::forward, a.x, a.w, a.y, a.stride, a.pad));
    };
    return add_backend(backend);
  }();
  return device;
}

Var picture(Graph& g, int64_t side) {
  return g.input(Tensor({1, side, side, 3}, DType::f32, noting_device()));
}
Var row(Graph& g, int64_t size) {
  return g.input(Tensor({1, size}, DType::f32, noting_device()));
}

/// The convolutions of what `record` records of a model, for one picture.
template <class Model, class Record>
std::set<ConvolutionProblem> convolutions_of(Model& model, Record&& record) {
  const ParameterSet parameters(model, 1, noting_device());
  Graph g(backend_of(noting_device()), noting_device(), Execution::eager, false);
  met().clear();
  record(g);
  return met();
}

std::string read(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

cudnn::DeviceProperties hopper() {
  if (why_unusable().empty()) return cudnn::DeviceProperties::of_device(0);
  return cudnn::DeviceProperties::parse(read(T2UE_SOURCE_DIR "/tests/cuda/h200_properties.json"));
}

/// Forward and both gradients of each, for `batch` pictures: there is a plan, and in bf16 and TF32 the one
/// that cuDNN recommends first uses tensor cores.
void expect_plans(const std::set<ConvolutionProblem>& convolutions, int64_t batch) {
  const cudnn::DeviceProperties device = hopper();
  const auto device_bytes = nlohmann::json::parse(device.json()).at("totalGlobalMem").get<size_t>();
  ASSERT_FALSE(convolutions.empty());
  for (const ConvolutionProblem& one : convolutions)
    for (const ConvolutionKind kind :
         {ConvolutionKind::forward, ConvolutionKind::data_gradient, ConvolutionKind::weight_gradient})
      for (const Precision precision : {Precision::bf16, Precision::tf32, Precision::fp32}) {
        ConvolutionProblem problem = one;
        problem.n = batch, problem.kind = kind;
        problem.type = precision == Precision::bf16 ? DType::bf16 : DType::f32;
        problem.n /= pieces_of(problem);
        cudnn::Graph graph = convolution_graph(problem);
        graph.finalize();
        const std::vector<cudnn::Plan> plans =
            graph.plans(device, convolution_limits(problem, precision == Precision::tf32, device_bytes));
        if (plans.empty())
          ADD_FAILURE() << "no plan: " << name_of(precision) << " " << text_of(problem);
        else
          EXPECT_EQ(plans.front().tensor_cores(), precision != Precision::fp32)
              << plans.front().name() << " " << (plans.front().workspace() >> 20)
              << " MB: " << name_of(precision) << " " << text_of(problem);
      }
}

TEST(CudnnPlans, OfThePapersGenerator) {
  SsaGenerator generator(generator_config("t2ue"));
  const auto convolutions = convolutions_of(generator, [&](Graph& g) {
    generator.noise(row(g, generator.config.condition), row(g, generator.config.latent));
  });
  for (const int64_t batch : {32, 128, 512}) expect_plans(convolutions, batch);
}

TEST(CudnnPlans, OfClipsResidualTower) {
  Clip clip(clip_config("RN50"));
  const auto convolutions =
      convolutions_of(clip, [&](Graph& g) { clip.encode_image(picture(g, clip.config.image_size)); });
  for (const int64_t batch : {128, 1024}) expect_plans(convolutions, batch);
}

TEST(CudnnPlans, OfClassifiers) {
  Classifier classifier(classifier_config("resnet18"));
  const auto convolutions = convolutions_of(classifier, [&](Graph& g) { classifier(picture(g, 32)); });
  expect_plans(convolutions, 128);
}

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

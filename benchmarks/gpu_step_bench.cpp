// Times whole steps, the machine's ceilings and memory-bound ops, and prints JSON.
//   gpu_step_bench [--device D] [--precision P] [--only NAME] [--batch N] [--quick] [--size full|tiny]
//                  [--check FILE.safetensors]
// Steps are captured and replayed as the trainers' are; a time is the median over rounds of replays, each
// round ended by a synchronisation. On the CPU models and batches are tiny unless --size says otherwise: that
// shows that the code runs, and nothing else. --only names one row or the beginning of several, --batch is
// for steps, --quick takes fewer rounds. --check saves a step's weights and inputs and prints its loss and
// its gradient's norm without augmentation, for others to compute the same.
#include <fmt/core.h>

#include <cstdio>
#include <list>

#include <t2ue/core/safetensors.hpp>
#if T2UE_HAS_CUDA
#include <t2ue/cuda/convolution.hpp>
#endif

#include "gpu_ops.hpp"
#include "gpu_steps.hpp"
#include "gpu_timing.hpp"

namespace {

using namespace t2ue;
using namespace t2ue::benchmarks;

struct Options : TimingOptions {
  std::string only, check;
};

struct NamedStep {
  std::string name;
  Workload (*make)(const WorkloadOptions&);
  std::vector<int64_t> batches;  ///< on a GPU
};
const std::vector<NamedStep> steps{
    {"t2ue_step", t2ue_step, {32, 128, 512}},
    {"clip_vit_b_32_step", [](const WorkloadOptions& o) { return clip_step(o, "ViT-B-32"); }, {128, 1024}},
    {"clip_rn50_step", [](const WorkloadOptions& o) { return clip_step(o, "RN50"); }, {128, 1024}},
    {"resnet18_step", resnet18_step, {128}},
    {"noise_from_captions", noise_from_captions, {128}}};

const std::vector<std::pair<std::string, Json (*)(const TimingOptions&)>> others{
    {"ceiling_gemm", ceiling_gemm},
    {"ceiling_copy", ceiling_copy},
    {"op_cast", cast_op},
    {"op_layer_norm", layer_norm_op},
    {"op_sscbn", sscbn_op},
    {"op_perturb", perturb_op},
    {"op_adam", adam_op}};

Json time_step(const NamedStep& step, const Options& o) {
  const Workload work = step.make(o);
  const AugmentOptions augmentation = TrainRecipe{}.augmentation(pixel_norm);
  const auto record = [&](Graph& g) {
    const Var output = work.output(g, augmentation);
    if (work.trained) g.backward(output);
    g.output(output);
    if (work.update) work.update(g);
  };
  Json row = with_flops(timed(step.name, record, o), flops_of(record, o));
  row["batch"] = o.batch;
  row["items_a_second"] = static_cast<double>(o.batch) / row.at("ms").get<double>() * 1e3;
  return row;
}

void save(const Workload& work, const std::string& path) {
  SafetensorsWriter writer;
  std::list<std::vector<float>> kept;  // the writer takes no copies
  const auto add = [&](const std::string& name, const Shape& shape, std::vector<float> values) {
    std::vector<int64_t> sizes;
    for (int i = 0; i < shape.rank(); ++i) sizes.push_back(shape[i]);
    kept.push_back(std::move(values));
    writer.add<float>(name, sizes, kept.back());
  };
  for (const auto& [prefix, parameters] : work.models)
    for (const Parameter* parameter : parameters->all())
      add(prefix + parameter->name, parameter->shape, parameter->value.to_vector<float>());
  const auto numbers = [](const Tensor& tensor) {
    const auto as_float = []<class T>(const std::vector<T>& values) {
      return std::vector<float>(values.begin(), values.end());
    };
    return tensor.dtype() == DType::u8    ? as_float(tensor.to_vector<uint8_t>())
           : tensor.dtype() == DType::i32 ? as_float(tensor.to_vector<int32_t>())
                                          : tensor.to_vector<float>();
  };
  for (const auto& [name, tensor] : work.inputs) add("inputs." + name, tensor.shape(), numbers(tensor));
  writer.save(path);
}

/// The loss and the norm of its gradient or, of inference, the mean distance of its result from 0.
Json check_step(const NamedStep& step, const Options& o) {
  const Workload work = step.make(o);
  save(work, o.check);
  Tensor output;
  Step once(
      [&](Graph& g) {
        const Var loss = work.output(g, {.norm = pixel_norm});
        if (work.trained) g.backward(loss);
        output = g.output(loss);
      },
      {o.device, Execution::planned, o.precision});
  once.run();
  const std::vector<float> values = output.to_vector<float>();
  double sum = 0, squares = 0;
  for (const float value : values) sum += std::abs(static_cast<double>(value));
  if (work.trained)
    for (const float value : work.trained->grads().to_vector<float>())
      squares += double{value} * double{value};
  return {{"what", step.name},
          {"batch", o.batch},
          {"value", sum / static_cast<double>(values.size())},
          {"grad_norm", work.trained ? Json(std::sqrt(squares)) : Json(nullptr)}};
}

Options parse(const std::vector<std::string>& arguments) {
  Options o;
  o.device = parse_device("auto");
  o.batch = 0;
  std::string precision, size;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string& name = arguments[i];
    if (name == "--quick") {
      o.rounds = 4, o.steps = 5;
      continue;
    }
    check(i + 1 < arguments.size(), "usage", name, " needs a value");
    const std::string& value = arguments[++i];
    if (name == "--device")
      o.device = parse_device(value);
    else if (name == "--precision")
      precision = value;
    else if (name == "--size")
      size = value;
    else if (name == "--batch")
      o.batch = std::stoll(value);
    else if (name == "--only")
      o.only = value;
    else if (name == "--check")
      o.check = value;
    else
      fail("usage", "unknown argument ", name, "; see the top of gpu_step_bench.cpp");
  }
  check(size.empty() || size == "full" || size == "tiny", "usage", "--size is full or tiny, got '", size,
        "'");
  o.tiny = size.empty() ? o.device.kind == DeviceKind::cpu : size == "tiny";
  o.precision = !precision.empty() ? kind_named<Precision>(precision) : default_precision(o.device);
  return o;
}

/// Which engines cuDNN's convolutions got, with their times.
std::vector<std::string> convolutions() {
#if T2UE_HAS_CUDA
  return cuda::describe_convolutions();
#else
  return {};
#endif
}

/// Prints rows as they come, so that a run that is stopped has shown what it had.
class Rows {
 public:
  explicit Rows(const Options& o) {
    fmt::print(R"({{"device":"{}","precision":"{}","tiny":{},"rounds":{},"steps":{},"rows":[)",
               o.device.text(), name_of(o.precision), o.tiny, o.rounds, o.steps);
  }
  template <class Make>
  void add(const std::string& name, Make&& make) {
    Json row;
    try {
      row = make();
    } catch (const Error& error) {
      row = {{"what", name}, {"error", error.what()}};
      fmt::print(stderr, "{}: {}\n", name, error.what());
      failed_ = true;
    }
    fmt::print("{}{}", std::exchange(separator_, ",\n"), row.dump());
    std::fflush(stdout);
  }
  int end() {
    fmt::print("\n],\"convolutions\":{}}}\n", Json(convolutions()).dump());
    return failed_ ? 1 : 0;
  }

 private:
  const char* separator_ = "\n";
  bool failed_ = false;
};

int run(const Options& o) {
  const auto wanted = [&](const auto& entry) { return entry.starts_with(o.only); };
  check(std::any_of(steps.begin(), steps.end(), [&](const NamedStep& s) { return wanted(s.name); }) ||
            std::any_of(others.begin(), others.end(), [&](const auto& other) { return wanted(other.first); }),
        "usage", "no benchmark begins with '", o.only, "'");
  Rows rows(o);
  for (const NamedStep& step : steps) {
    if (!wanted(step.name)) continue;
    std::vector<int64_t> batches = !o.tiny ? step.batches : std::vector<int64_t>{4};
    if (o.batch > 0) batches = {o.batch};
    for (const int64_t batch : batches) {
      Options one = o;
      one.batch = batch;
      rows.add(step.name, [&] { return o.check.empty() ? time_step(step, one) : check_step(step, one); });
    }
  }
  if (o.check.empty())
    for (const auto& [name, benchmark] : others)
      if (wanted(name)) rows.add(name, [&, make = benchmark] { return make(o); });
  return rows.end();
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(parse({argv + 1, argv + argc}));
  } catch (const std::exception& error) {
    fmt::print(stderr, "gpu_step_bench: {}\n", error.what());
    return 2;
  }
}

// Times whole steps and memory-bound ops, and prints JSON: gpu_step_bench [--device D] [--quick] [--batch N]
// [--clip-batch N] [--precision P] [--only WHAT]. Steps are captured and replayed as the trainers' are; a
// time is the median over rounds of replays, each round ended by a synchronisation. On the CPU models and
// batches are tiny: that shows that the code runs, and nothing else. --quick takes fewer rounds.
#include <algorithm>
#include <chrono>
#include <iostream>
#include <nlohmann/json.hpp>

#include <t2ue/core/ops/ops.hpp>
#include <t2ue/core/plan.hpp>
#include <t2ue/models/configs.hpp>
#include <t2ue/optim/optimizer.hpp>
#include <t2ue/optim/recipe.hpp>
#include <t2ue/optim/trainer.hpp>

#include "op_cost.hpp"

namespace {

using namespace t2ue;
using Json = nlohmann::ordered_json;

struct Options {
  Device device = parse_device("auto");
  Precision precision = Precision::fp32;
  int64_t batch = 0, clip_batch = 0;
  int rounds = 9, steps = 10;
  std::string only;

  bool full() const { return device.kind == DeviceKind::cuda; }
  DType type() const { return precision == Precision::bf16 ? DType::bf16 : DType::f32; }
};

// ---- floating point operations, counted from what a step launches ----

double counted = 0;

/// The backend of `device` with kernels that are counted instead of run.
double flops_of(const Step::Recorder& record, const Options& o) {
  Backend counting = backend_of(o.device);
#define T2UE_COUNT(op, Args) \
  counting.kernels.op = [](const Args& args, Stream) { counted += benchmarks::flops(args); };
  T2UE_OPS(T2UE_COUNT)
#undef T2UE_COUNT
  counting.capture = nullptr;
  counted = 0;
  Step(record, counting, o.device, Execution::planned, o.precision).run();
  return counted;
}

// ---- time ----

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}
double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

/// One row: the step's time, and how long the host takes to queue it.
Json timed(const std::string& what, Step& step, const Options& o) {
  const Backend& backend = backend_of(o.device);
  const auto finish = [&] {
    if (backend.synchronise) backend.synchronise(o.device);
  };
  for (int i = 0; i < 5; ++i) step.run();  // the third run is captured
  finish();
  std::vector<double> rounds, queued;
  for (int round = 0; round < o.rounds; ++round) {
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < o.steps; ++i) {
      const auto before = std::chrono::steady_clock::now();
      step.run();
      queued.push_back(seconds_since(before));
    }
    finish();
    rounds.push_back(seconds_since(start) / o.steps);
  }
  return {{"what", what},
          {"ms", 1e3 * median(rounds)},
          {"least_ms", 1e3 * *std::min_element(rounds.begin(), rounds.end())},
          {"most_ms", 1e3 * *std::max_element(rounds.begin(), rounds.end())},
          {"host_us", backend.capture ? Json(1e6 * median(queued)) : Json(nullptr)},
          {"launches", step.plan()->launches()},
          {"arena_bytes", step.plan()->arena_bytes()}};
}
Json timed(const std::string& what, const Step::Recorder& record, const Options& o) {
  Step step(record, o.device, Execution::planned, o.precision);
  return timed(what, step, o);
}

// ---- the models and what a batch brings ----

ClipConfig clip_of(const Options& o) {
  if (o.full()) return clip_config("ViT-B-32");
  ClipConfig c;
  c.name = "tiny", c.image_size = 16;
  c.text = {8, 64, {32, 2, 2, Activation::gelu, true}, 32};
  c.vit = VisionTransformerConfig{16, 8, {32, 2, 2, Activation::gelu, false}, 32};
  return c;
}
SsaGeneratorConfig generator_of(const Options& o) {
  SsaGeneratorConfig c = generator_config("t2ue");
  if (!o.full()) c.condition = 32, c.width = 4, c.multipliers = {2, 2, 1}, c.hidden = 8, c.mask_hidden = 8;
  return c;
}

Tensor normal(const Shape& shape, const Options& o, uint64_t item) {
  std::vector<float> values(static_cast<size_t>(shape.elements()));
  Random random(1, Purpose::test, item);
  for (float& value : values) value = random.normal();
  return Tensor::of(values, shape, o.device);
}
template <class T>
Tensor below(const Shape& shape, uint32_t bound, const Options& o) {
  std::vector<T> values(static_cast<size_t>(shape.elements()));
  Random random(1, Purpose::test);
  for (T& value : values) value = static_cast<T>(random.below(bound));
  return Tensor::of(values, shape, o.device);
}

struct Inputs {
  Tensor images, ids, end, counter, captions, latent;
  Inputs(const ClipConfig& clip, const SsaGeneratorConfig& generator, int64_t batch, const Options& o)
      : images(below<uint8_t>({batch, clip.image_size, clip.image_size, 3}, 256, o)),
        ids(below<int32_t>({batch, clip.text.context_length}, static_cast<uint32_t>(clip.text.vocab_size),
                           o)),
        end(Tensor::of(std::vector<int32_t>(static_cast<size_t>(batch),
                                            static_cast<int32_t>(clip.text.context_length) - 1),
                       {batch}, o.device)),
        counter(Tensor::zeros({1}, DType::i32, o.device)),
        captions(normal({batch, generator.condition}, o, 1)),
        latent(normal({batch, generator.latent}, o, 2)) {}
};

Json with_flops(Json row, double flops, int64_t batch) {
  const double seconds = row.at("ms").get<double>() / 1e3;
  row["batch"] = batch;
  row["flops"] = flops;
  row["tflops_a_second"] = flops / seconds / 1e12;
  return row;
}

/// The paper's step, the generator through a frozen CLIP, as BiLevelTrainer records it.
Json t2ue_step(const Options& o) {
  const int64_t batch = o.batch;
  Clip clip(clip_of(o));
  SsaGenerator generator(generator_of(o));
  const ParameterSet frozen(clip, 1, o.device, o.precision);
  ParameterSet trained(generator, 1, o.device, o.precision);
  Optimizer optimizer(trained, {.kind = OptimizerConfig::Kind::adam, .beta1 = 0.0f, .beta2 = 0.9f});
  optimizer.prepare(1e-4f);
  const Inputs in(clip.config, generator.config, batch, o);
  const auto record = [&](Graph& g) {
    PerturbOptions options;
    options.eps = generator.config.eps, options.quantise = true;
    const int64_t side = clip.config.image_size;
    const Var noise = generator.noise(g.input(in.captions), g.input(in.latent), side, side);
    const Var pixels = augment(perturb(g.input(in.images), noise, options), g.input(in.counter),
                               TrainRecipe{}.augmentation(pixel_norm));
    Var loss;
    {
      const Frozen scope(g);
      loss = clip.loss(pixels, g.input(in.ids), g.input(in.end));
    }
    g.backward(loss);
    g.output(loss);
    optimizer.record_norm(g);
    optimizer.record_update(g);
  };
  return with_flops(timed("t2ue_step", record, o), flops_of(record, o), batch);
}

Json clip_step(const Options& o) {
  const int64_t batch = o.clip_batch;
  Clip clip(clip_of(o));
  ParameterSet trained(clip, 1, o.device, o.precision);
  Optimizer optimizer(trained, {.decay = 0.1f});
  optimizer.prepare(1e-4f);
  const Inputs in(clip.config, generator_of(o), batch, o);
  const auto record = [&](Graph& g) {
    const Var pixels = augment(perturb(g.input(in.images), {}, {}), g.input(in.counter),
                               TrainRecipe{}.augmentation(pixel_norm));
    const Var loss = clip.loss(pixels, g.input(in.ids), g.input(in.end));
    g.backward(loss);
    g.output(loss);
    optimizer.record_norm(g);
    optimizer.record_update(g);
    record_constraints(g, clip);
  };
  return with_flops(timed("clip_step", record, o), flops_of(record, o), batch);
}

Json noise_from_captions(const Options& o) {
  const int64_t batch = o.batch;
  Clip clip(clip_of(o));
  SsaGenerator generator(generator_of(o));
  const ParameterSet towers(clip, 1, o.device, o.precision), weights(generator, 1, o.device, o.precision);
  const Inputs in(clip.config, generator.config, batch, o);
  const auto record = [&](Graph& g) {
    const Frozen frozen(g);
    const Evaluation evaluation(g);
    const Var features = clip.text(g.input(in.ids), g.input(in.end));
    g.output(generator.noise(cast(features, DType::f32), g.input(in.latent)));
  };
  Json row = with_flops(timed("noise_from_captions", record, o), flops_of(record, o), batch);
  row["noises_a_second"] = static_cast<double>(batch) / row.at("ms").get<double>() * 1e3;
  return row;
}

// ---- memory-bound ops ----

/// Bytes: what has to be moved at least, every tensor once.
Json with_bytes(Json row, double bytes) {
  row["bytes"] = bytes;
  row["gb_a_second"] = bytes / (row.at("ms").get<double>() / 1e3) / 1e9;
  return row;
}

/// A cast is as near to a copy as ops come: what the others' bandwidth is to be compared with.
Json cast_op(const Options& o) {
  const Shape shape{o.full() ? int64_t{1} << 28 : 4096};
  const Tensor x = Tensor::zeros(shape, DType::f32, o.device);
  const DType type = o.type();
  return with_bytes(timed(
                        "op: cast f32",
                        [&](Graph& g) {
                          const Var in = g.input(x);
                          g.output(type == DType::f32 ? add(in, in, 0.5f, 0.5f) : cast(in, type));
                        },
                        o),
                    static_cast<double>(shape.elements()) * (4.0 + static_cast<double>(size_of(type))));
}
Json layer_norm_op(const Options& o) {
  const Shape shape{o.full() ? 1024 : 4, o.full() ? 257 : 5, o.full() ? 768 : 64};
  const Tensor x = Tensor::zeros(shape, o.type(), o.device);
  const Tensor residual = Tensor::zeros(shape, o.type(), o.device);
  const Tensor scale = Tensor::zeros({shape.back()}, DType::f32, o.device);
  return with_bytes(timed(
                        "op: add + layer_norm",
                        [&](Graph& g) {
                          const auto [sum, y] =
                              add_layer_norm(g.input(x), g.input(residual), g.input(scale), g.input(scale));
                          g.output(sum);
                          g.output(y);
                        },
                        o),
                    4.0 * static_cast<double>(shape.elements()) * static_cast<double>(size_of(o.type())));
}
Json sscbn_op(const Options& o) {
  const int64_t n = o.full() ? 128 : 2, side = o.full() ? 64 : 4, c = o.full() ? 256 : 8;
  const Tensor x = Tensor::zeros({n, side, side, c}, o.type(), o.device);
  const Tensor gamma = Tensor::zeros({n, c}, o.type(), o.device);
  const Tensor mask = Tensor::zeros({n, 2 * side, 2 * side, 1}, o.type(), o.device);
  const Tensor mean = Tensor::zeros({c}, DType::f32, o.device),
               var = Tensor::zeros({c}, DType::f32, o.device);
  return with_bytes(
      timed(
          "op: upsample_sscbn_relu x2",
          [&](Graph& g) {
            g.output(upsample_sscbn_relu(g.input(x), g.input(gamma), g.input(gamma), g.input(mask),
                                         g.input(mean), g.input(var), 2));
          },
          o),
      static_cast<double>(n * side * side * (5 * c + 4)) * static_cast<double>(size_of(o.type())));
}
Json perturb_op(const Options& o) {
  const Shape shape{o.full() ? 2048 : 2, o.full() ? 224 : 8, o.full() ? 224 : 8, 3};
  const Tensor image = Tensor::zeros(shape, DType::u8, o.device),
               raw = Tensor::zeros(shape, o.type(), o.device);
  PerturbOptions options;
  options.limiter = Limiter::tanh_scale, options.quantise = true;
  return with_bytes(
      timed(
          "op: perturb", [&](Graph& g) { g.output(perturb(g.input(image), g.input(raw), options)); }, o),
      static_cast<double>(shape.elements()) * (1.0 + 2.0 * static_cast<double>(size_of(o.type()))));
}
Json adam_op(const Options& o) {
  Clip clip(clip_of(o));
  ParameterSet trained(clip, 1, o.device, o.precision);
  Optimizer optimizer(trained, {.decay = 0.1f});
  optimizer.prepare(0.0f);
  // Gradients are read twice, once for their norm; value and two moments are read and written.
  const double each = 4.0 * 8 + (o.precision == Precision::bf16 ? 2.0 : 0.0);
  return with_bytes(timed(
                        "op: grad_norm + adam",
                        [&](Graph& g) {
                          optimizer.record_norm(g);
                          optimizer.record_update(g);
                        },
                        o),
                    each * static_cast<double>(trained.values().shape().elements()));
}

const std::vector<std::pair<std::string, Json (*)(const Options&)>> benchmarks{
    {"t2ue_step", t2ue_step},
    {"clip_step", clip_step},
    {"noise_from_captions", noise_from_captions},
    {"op_cast", cast_op},
    {"op_layer_norm", layer_norm_op},
    {"op_sscbn", sscbn_op},
    {"op_perturb", perturb_op},
    {"op_adam", adam_op}};

Options parse(const std::vector<std::string>& arguments) {
  Options o;
  std::string precision;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string& name = arguments[i];
    if (name == "--quick") {
      o.rounds = 3, o.steps = 5;
      continue;
    }
    check(i + 1 < arguments.size(), "usage", name, " needs a value");
    const std::string& value = arguments[++i];
    if (name == "--device")
      o.device = parse_device(value);
    else if (name == "--precision")
      precision = value;
    else if (name == "--batch")
      o.batch = std::stoll(value);
    else if (name == "--clip-batch")
      o.clip_batch = std::stoll(value);
    else if (name == "--only")
      o.only = value;
    else
      fail("usage", "unknown argument ", name, "; see the top of gpu_step_bench.cpp");
  }
  o.precision = !precision.empty() ? kind_named<Precision>(precision)
                : o.full()         ? Precision::bf16
                                   : Precision::fp32;
  if (o.batch == 0) o.batch = o.full() ? 128 : 4;
  if (o.clip_batch == 0) o.clip_batch = o.full() ? 1024 : 4;
  return o;
}

int run(const Options& o) {
  check(o.only.empty() || std::any_of(benchmarks.begin(), benchmarks.end(),
                                      [&](const auto& entry) { return entry.first.starts_with(o.only); }),
        "usage", "no benchmark begins with '", o.only, "'");
  std::cout << "{\"device\":\"" << o.device.text() << "\",\"precision\":\"" << name_of(o.precision)
            << "\",\"tiny\":" << (o.full() ? "false" : "true") << ",\"rounds\":" << o.rounds
            << ",\"steps\":" << o.steps << ",\"rows\":[";
  int code = 0;
  const char* separator = "\n";
  for (const auto& [name, benchmark] : benchmarks) {
    if (!name.starts_with(o.only)) continue;
    Json row;
    try {
      row = benchmark(o);
    } catch (const Error& error) {
      row = {{"what", name}, {"error", error.what()}};
      std::cerr << name << ": " << error.what() << "\n";
      code = 1;
    }
    std::cout << std::exchange(separator, ",\n") << row.dump() << std::flush;
  }
  std::cout << "\n]}\n";
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(parse({argv + 1, argv + argc}));
  } catch (const std::exception& error) {
    std::cerr << "gpu_step_bench: " << error.what() << "\n";
    return 2;
  }
}

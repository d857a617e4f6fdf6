// FLOPs and bytes of the steps a training run is made of, counted from what the library launches for
// them: a backend whose kernels compute nothing but add up their arguments' sizes. Prints the page's tables.
#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <t2ue/core/ops/ops.hpp>
#include <t2ue/core/plan.hpp>
#include <t2ue/models/configs.hpp>
#include <t2ue/optim/optimizer.hpp>
#include <t2ue/optim/train_recipe.hpp>

#include "memoryless_device.hpp"
#include "op_cost.hpp"

namespace {

using namespace t2ue;
using namespace t2ue::benchmarks;

/// What the arithmetic assumes of an H100, not measurements of ours: a large bf16 matrix product's rate as
/// design section 10 has it, and the bandwidth of a copy.
constexpr double flops_a_second = 798e12, bytes_a_second = 3.0e12;

/// The bytes of all views of a launch, each read or written once, and their addresses.
struct Views {
  double bytes = 0;
  std::vector<const void*> read_or_parameter, written;

  void read(const auto&... views) { (take(views, 1, true), ...); }
  void write(const auto&... views) { (take(views, 1, false), ...); }
  void update(const auto&... views) { (take(views, 2, true), ...); }
  void grad(const auto&... views) { (take(views, views.accumulate ? 2 : 1, false), ...); }

 private:
  void take(const View& view, int times, bool reads) {
    if (!view) return;
    bytes += times * bytes_of(view);
    read_or_parameter.push_back(view.data);
    if (!reads) written.push_back(view.data);
  }
};

struct Sum {
  int launches = 0;
  double flops = 0, least = 0, ours = 0, floor = 0, expected = 0;  // the last two in seconds

  void add(const Cost& c) {
    double flops_here = 0;
    for (const Work& w : c.kernels) {
      flops_here += w.flops;
      ours += w.bytes;
      expected += std::max(w.flops / flops_a_second, w.bytes / bytes_a_second);
    }
    ++launches;
    flops += flops_here, least += c.least;
    floor += std::max(flops_here / flops_a_second, c.least / bytes_a_second);
  }
  void add(const Sum& s) {
    launches += s.launches, flops += s.flops, least += s.least, ours += s.ours;
    floor += s.floor, expected += s.expected;
  }
};

/// Adds up a step's launches by part of the model and direction. A launch belongs to the part of the
/// parameter it touches, else to the latest part of the forward values it reads, else to that of the launch
/// before.
class Counter {
 public:
  void start() { *this = Counter(); }
  template <class PartOf>
  void name(const ParameterSet& set, PartOf&& part_of) {
    for (const Parameter* p : set.all())
      for (const void* address : {p->value.data(), p->grad.data(), p->shadow.data()})
        if (address) parameters_[address] = part_of(p->name);
  }
  void backward() { backward_ = true; }

  template <class Args>
  void add(const std::string& op, const Args& args) {
    Views views;
    Args copy = args;
    copy.visit(views);
    const int part = part_of(op, views);
    last_ = part;
    if (!backward_)
      for (const void* address : views.written) values_[address] = part;
    sums_[{part, backward_}].add(cost(args, views.bytes));
    operations_[op].add(cost(args, views.bytes));
  }

  void print(const std::string& title) const {
    fmt::print("### {}\n\n", title);
    header("part");
    Sum all;
    for (const auto& [key, sum] : sums_) {
      row(names_[static_cast<size_t>(key.first)] + (key.second ? ", backward" : ", forward"), sum);
      all.add(sum);
    }
    row("**all**", all);
    fmt::print("\n");
    header("op");
    for (const auto& [op, sum] : operations_) row("`" + op + "`", sum);
    fmt::print("\n");
  }

 private:
  static void header(const char* first) {
    fmt::print("| {} | launches | TFLOP | fewest GB | our GB | floor ms | expected ms |\n", first);
    fmt::print("|---|--:|--:|--:|--:|--:|--:|\n");
  }
  /// A line of a table; none for what rounds to nothing.
  static void row(const std::string& name, const Sum& s) {
    if (s.expected < 5e-6 && s.flops < 5e8) return;
    fmt::print("| {} | {} | {:.3f} | {:.2f} | {:.2f} | {:.2f} | {:.2f} |\n", name, s.launches, s.flops / 1e12,
               s.least / 1e9, s.ours / 1e9, s.floor * 1e3, s.expected * 1e3);
  }

  int index_of(const std::string& name) {
    for (size_t i = 0; i < names_.size(); ++i)
      if (names_[i] == name) return static_cast<int>(i);
    names_.push_back(name);
    return static_cast<int>(names_.size()) - 1;
  }
  int part_of(const std::string& op, const Views& views) {
    if (op == "adam" || op == "sgd" || op == "grad_norm" || op == "clamp") return index_of("optimiser");
    if (op.starts_with("info_nce") || op.starts_with("l2_normalize")) return index_of("InfoNCE");
    if (op.starts_with("mask_sigmoid")) return index_of("mask heads");
    for (const char* picture : {"perturb", "augment", "resize"})
      if (op.starts_with(picture)) return index_of("noise to pixels");
    int latest = -1;
    for (const void* address : views.read_or_parameter) {
      if (const auto found = parameters_.find(address); found != parameters_.end())
        return index_of(found->second);
      if (const auto found = values_.find(address); found != values_.end())
        latest = std::max(latest, found->second);
    }
    return latest >= 0 ? latest : last_ >= 0 ? last_ : index_of("inputs");
  }

  std::vector<std::string> names_;
  std::map<const void*, std::string> parameters_;
  std::map<const void*, int> values_;
  std::map<std::pair<int, bool>, Sum> sums_;
  std::map<std::string, Sum> operations_;
  int last_ = -1;
  bool backward_ = false;
};
Counter& counter() {
  static Counter the_counter;
  return the_counter;
}

Device counting_device() {
  static const Device device = [] {
    Backend backend = memoryless_backend("counting");
#define T2UE_COUNT(op, Args) backend.kernels.op = [](const Args& args, Stream) { counter().add(#op, args); };
    T2UE_OPS(T2UE_COUNT)
#undef T2UE_COUNT
    return add_backend(backend);
  }();
  return device;
}

std::string part_of_generator(const std::string& name) {
  if (name.find("mask_head") != std::string::npos) return "mask heads";
  if (name.starts_with("blocks.")) return "generator block " + name.substr(7, 1);
  return name.starts_with("rgb") ? "generator to RGB" : "generator input";
}
std::string part_of_clip(const std::string& name) {
  return name.starts_with("visual.") ? "image tower" : "text tower";
}

void print_plan(const std::string& title, const Step::Recorder& record) {
  const Step step(record, {counting_device(), Execution::planned, Precision::bf16});
  fmt::print("{}: {} launches when planned, an arena of {:.1f} GB.\n\n", title, step.plan()->launches(),
             static_cast<double>(step.plan()->arena_bytes()) / 1e9);
}

/// Counts a step. `names` tells the counter whose parameters are whose.
void count(const std::string& title, const std::function<void()>& names, const Step::Recorder& record) {
  print_plan(title, record);
  counter().start();
  names();
  Graph graph(backend_of(counting_device()), counting_device(), Execution::eager, false, Precision::bf16);
  record(graph);
  counter().print(title);
}

struct Models {
  Generator generator{generator_config("t2ue")};
  Clip clip{clip_config("ViT-B-32")};
  ParameterSet generator_parameters{generator, 1, counting_device(), Precision::bf16};
  ParameterSet clip_parameters{clip, 1, counting_device(), Precision::bf16};
  Optimizer noise_optimizer{generator_parameters, {.kind = OptimizerConfig::Kind::adam}};
  Optimizer clip_optimizer{clip_parameters, {}};

  void name() const {
    counter().name(generator_parameters, part_of_generator);
    counter().name(clip_parameters, part_of_clip);
  }
};

/// What a batch brings.
struct Inputs {
  Tensor images, ids, end, counter, captions, latent;
  explicit Inputs(int64_t batch)
      : images({batch, 224, 224, 3}, DType::u8, counting_device()),
        ids({batch, 77}, DType::i32, counting_device()),
        end({batch}, DType::i32, counting_device()),
        counter({1}, DType::i32, counting_device()),
        captions({batch, 512}, DType::f32, counting_device()),
        latent({batch, 100}, DType::f32, counting_device()) {}
};

/// The paper's step: the generator learns through a frozen CLIP. As BiLevelTrainer records it.
void noise_step(Models& m, int64_t batch) {
  const Inputs in(batch);
  count(
      fmt::format("T2UE step, batch {}", batch), [&] { m.name(); },
      [&](Graph& g) {
        PerturbOptions options;
        options.eps = m.generator.config.bound.eps, options.quantise = true;
        const Var noise = m.generator.noise(g.input(in.captions), g.input(in.latent), 224, 224);
        const Var pixels = augment(perturb(g.input(in.images), noise, options), g.input(in.counter),
                                   TrainRecipe{}.augmentation(pixel_norm));
        Var loss;
        {
          const NoGrad no_grad(g);
          loss = m.clip.loss(pixels, g.input(in.ids), g.input(in.end));
        }
        counter().backward();
        g.backward(loss);
        m.noise_optimizer.record_norm(g);
        m.noise_optimizer.record_update(g);
      });
}

void clip_step(Models& m, int64_t batch) {
  const Inputs in(batch);
  count(
      fmt::format("CLIP ViT-B/32 training step, batch {}", batch), [&] { m.name(); },
      [&](Graph& g) {
        const Var pixels = augment(perturb(g.input(in.images), {}, {}), g.input(in.counter),
                                   TrainRecipe{}.augmentation(pixel_norm));
        const Var loss = m.clip.loss(pixels, g.input(in.ids), g.input(in.end));
        counter().backward();
        g.backward(loss);
        m.clip_optimizer.record_norm(g);
        m.clip_optimizer.record_update(g);
      });
}

void noise_from_captions(Models& m, int64_t batch) {
  const Inputs in(batch);
  count(
      fmt::format("Noise from captions, batch {}", batch), [&] { m.name(); },
      [&](Graph& g) {
        const NoGrad no_grad(g);
        const EvalMode eval_mode(g);
        const Var features = m.clip.text(g.input(in.ids), g.input(in.end));
        (void)g.output(m.generator.noise(cast(features, DType::f32), g.input(in.latent)));
      });
}

}  // namespace

int main() {
  Models models;
  fmt::print("Generator: {} parameters; CLIP: {}.\n\n", models.generator_parameters.count(),
             models.clip_parameters.count());
  noise_step(models, 128);
  clip_step(models, 1024);
  noise_from_captions(models, 128);
}

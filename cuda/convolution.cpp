#include <t2ue/cuda/convolution.hpp>

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

#include <t2ue/cuda/convert.hpp>
#include <t2ue/cuda/convolution_graph.hpp>
#include <t2ue/cuda/runtime.hpp>

namespace t2ue::cuda {

namespace {

using Ids = ConvolutionIds;

constexpr int64_t workspace_limit = int64_t{512} << 20;
constexpr size_t plans_to_time = 4;
constexpr int timed_runs = 3;
/// Small problems take cuDNN's first plan, and a later plan must be that much faster than an earlier one:
/// where times are alike, the choice, and with it the last bits, must not change from process to process.
constexpr double operations_worth_timing = 1e9;
constexpr float worth_changing = 0.9f;

/// The addresses of one call.
struct Operands {
  std::vector<int64_t> ids;
  std::vector<void*> addresses;
};

/// How a problem is solved on a device: a plan, or why there is none.
struct Solution {
  std::optional<cudnn::Graph> graph;
  std::optional<cudnn::Plan> plan;
  std::string remark;
};

struct Key {
  ConvolutionProblem problem;
  int device = 0;
  bool tf32 = false;
  auto operator<=>(const Key&) const = default;
};
struct Solutions {
  std::mutex mutex;
  std::map<Key, Solution> known;
};
Solutions& solutions() {
  static Solutions& all = *new Solutions;  // cuDNN may be gone before static objects are
  return all;
}

void* workspace_of(const cudnn::Plan& plan, Stream stream) {
  const int64_t bytes = plan.workspace();
  return bytes == 0 ? nullptr : scratch(static_cast<size_t>(bytes), stream, convolution_workspace);
}

class Event {
 public:
  Event() { detail::check_cuda(cudaEventCreate(&event_), "conv2d"); }
  ~Event() { (void)cudaEventDestroy(event_); }
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  void record(Stream stream) {
    detail::check_cuda(cudaEventRecord(event_, static_cast<cudaStream_t>(stream)), "conv2d");
  }
  /// Milliseconds from `start` to this, once both have happened.
  float since(const Event& start) {
    detail::check_cuda(cudaEventSynchronize(event_), "conv2d");
    float milliseconds = 0;
    detail::check_cuda(cudaEventElapsedTime(&milliseconds, start.event_, event_), "conv2d");
    return milliseconds;
  }

 private:
  cudaEvent_t event_ = nullptr;
};

float time_of(const cudnn::Plan& plan, cudnnHandle_t handle, const Operands& operands, Stream stream) {
  void* workspace = workspace_of(plan, stream);
  plan.run(handle, operands.ids, operands.addresses, workspace);  // loads its kernels
  Event start, end;
  start.record(stream);
  for (int i = 0; i < timed_runs; ++i) plan.run(handle, operands.ids, operands.addresses, workspace);
  end.record(stream);
  return end.since(start) / static_cast<float>(timed_runs);
}

/// The fastest plan by its time on these operands; what does not run does not count.
void choose_by_time(std::vector<cudnn::Plan> plans, cudnnHandle_t handle, const Operands& operands,
                    Stream stream, Solution& solution) {
  float best = 0;
  for (cudnn::Plan& plan : plans) {
    try {
      const float time = time_of(plan, handle, operands, stream);
      if (solution.plan && time >= best * worth_changing) continue;
      best = time;
      solution.plan = std::move(plan);
    } catch (const Error& error) {
      solution.remark = error.what();
    }
  }
  if (solution.plan) solution.remark = concat(solution.plan->name(), ", ", best, " ms");
}

double operations(const ConvolutionProblem& p) {
  return 2.0 * static_cast<double>(p.n * p.p * p.q) * static_cast<double>(p.k * p.r * p.s * p.c);
}

Solution solve(const Key& key, cudnnHandle_t handle, const Operands& operands, Stream stream) {
  Solution solution;
  const bool may_time = tuning() && operations(key.problem) >= operations_worth_timing && !capturing(stream);
  try {
    solution.graph = convolution_graph(key.problem);
    solution.graph->finalize(handle);
    std::vector<cudnn::Plan> plans =
        solution.graph->plans(handle, {.tensor_cores = key.problem.in != DType::f32 || key.tf32,
                                       .workspace = workspace_limit,
                                       .wanted = may_time ? plans_to_time : 1});
    if (plans.empty()) {
      solution.remark = concat("none of ", solution.graph->engines(), " engines fits");
    } else if (plans.size() == 1) {
      solution.remark = plans.front().name();
      solution.plan = std::move(plans.front());
    } else {
      choose_by_time(std::move(plans), handle, operands, stream, solution);
    }
  } catch (const Error& error) {
    solution.remark = error.what();
  }
  return solution;
}

/// Whether cuDNN solved it. The operands' addresses may be written several times: none may be read as well.
bool run(const ConvolutionProblem& problem, const Operands& operands, Stream stream) {
  Gpu& gpu = Gpu::of(stream);
  const CurrentDevice current(gpu.index());
  const std::lock_guard lock(solutions().mutex);  // a handle serves one call at a time
  const cudnnHandle_t handle = gpu.cudnn(stream);
  const Key key{problem, gpu.index(), problem.in == DType::f32 && tf32()};
  auto known = solutions().known.find(key);
  if (known == solutions().known.end())
    known = solutions().known.emplace(key, solve(key, handle, operands, stream)).first;
  const Solution& solution = known->second;
  if (!solution.plan) return false;
  solution.plan->run(handle, operands.ids, operands.addresses, workspace_of(*solution.plan, stream));
  return true;
}

int64_t alignment_of(const View& view) {
  const uintptr_t bits = reinterpret_cast<uintptr_t>(view.data) | 16;
  return static_cast<int64_t>(bits & ~(bits - 1));
}

ConvolutionProblem problem_of(ConvolutionKind kind, const View& x, const View& weights, const View& y,
                              int stride, int pad) {
  const Shape &xs = x.shape, &ws = weights.shape, &ys = y.shape;
  ConvolutionProblem problem;
  problem.kind = kind;
  problem.n = xs[0], problem.h = xs[1], problem.w = xs[2], problem.c = xs[3];
  problem.k = ws[0], problem.r = ws[1], problem.s = ws[2];
  problem.p = ys[1], problem.q = ys[2];
  problem.stride = stride, problem.pad = pad;
  problem.x_alignment = alignment_of(x);
  problem.weight_alignment = alignment_of(weights);
  problem.y_alignment = alignment_of(y);
  return problem;
}

size_t bytes_of(const View& view) {
  return static_cast<size_t>(view.elements()) * size_of(view.dtype);
}

/// dx of the type of dy. What accumulates is computed apart and added: an engine may write more than once.
bool data_gradient(const Conv2dGradArgs& args, Stream stream) {
  View result = args.dx;
  if (args.dx.accumulate) result.data = scratch(bytes_of(result), stream, convolution_result);
  ConvolutionProblem problem =
      problem_of(ConvolutionKind::data_gradient, result, args.w, args.dy, args.stride, args.pad);
  problem.in = args.dy.dtype, problem.out = result.dtype;
  if (!run(problem, {{Ids::x, Ids::weights, Ids::y}, {result.data, args.w.data, args.dy.data}}, stream))
    return false;
  if (args.dx.accumulate)
    convert(result.data, result.dtype, args.dx.data, args.dx.dtype, args.dx.elements(), true, stream);
  return true;
}

/// dw in f32, or, where no engine gives that for bf16 operands, rounded to bf16 on the way.
bool weight_gradient(const Conv2dGradArgs& args, Stream stream) {
  const auto attempt = [&](DType out) {
    const bool apart = args.dw.accumulate || out != args.dw.dtype;
    View result = args.dw;
    result.dtype = out;
    if (apart) result.data = scratch(bytes_of(result), stream, convolution_result);
    ConvolutionProblem problem =
        problem_of(ConvolutionKind::weight_gradient, args.x, result, args.dy, args.stride, args.pad);
    problem.in = args.dy.dtype, problem.out = out;
    if (!run(problem, {{Ids::x, Ids::weights, Ids::y}, {args.x.data, result.data, args.dy.data}}, stream))
      return false;
    if (apart)
      convert(result.data, out, args.dw.data, args.dw.dtype, args.dw.elements(), args.dw.accumulate, stream);
    return true;
  };
  return attempt(args.dw.dtype) || (args.dy.dtype != args.dw.dtype && attempt(args.dy.dtype));
}

bool is_computable(const View& a, const View& b) {
  return a.dtype == b.dtype && (a.dtype == DType::f32 || a.dtype == DType::bf16) && a.elements() > 0 &&
         b.elements() > 0;
}

}  // namespace

bool cudnn_conv2d(const Conv2dArgs& args, Stream stream) {
  if (!is_computable(args.x, args.w) || !is_computable(args.x, args.y)) return false;
  ConvolutionProblem problem =
      problem_of(ConvolutionKind::forward, args.x, args.w, args.y, args.stride, args.pad);
  problem.in = problem.out = args.x.dtype;
  const Operands plain{{Ids::x, Ids::weights, Ids::y}, {args.x.data, args.w.data, args.y.data}};
  if (!args.b) return run(problem, plain, stream);

  ConvolutionProblem fused = problem;
  fused.kind = ConvolutionKind::forward_bias;
  fused.bias_alignment = alignment_of(args.b);
  Operands all = plain;
  all.ids.push_back(Ids::bias), all.addresses.push_back(args.b.data);
  if (run(fused, all, stream)) return true;
  if (!run(problem, plain, stream)) return false;
  add_to_rows(args.y.data, args.y.dtype, args.b.f32(), args.y.shape.rows(), args.y.shape.back(), stream);
  return true;
}

ConvolutionGradients cudnn_conv2d_grad(const Conv2dGradArgs& args, Stream stream) {
  ConvolutionGradients done;
  if (args.dx && is_computable(args.dx, args.dy) && is_computable(args.w, args.dy))
    done.dx = data_gradient(args, stream);
  if (args.dw && is_computable(args.x, args.dy) && args.dw.dtype == DType::f32)
    done.dw = weight_gradient(args, stream);
  return done;
}

std::vector<std::string> describe_convolutions() {
  const std::lock_guard lock(solutions().mutex);
  std::vector<std::string> lines;
  for (const auto& [key, solution] : solutions().known)
    lines.push_back(concat("cuda:", key.device, " ", text_of(key.problem), key.tf32 ? ", TF32: " : ": ",
                           solution.plan ? "" : "declined, ", solution.remark));
  return lines;
}

}  // namespace t2ue::cuda

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

constexpr size_t plans_to_time = 4;
/// An engine that adds the bias is compiled when it is first met, in most of a second: one is enough, and
/// worth it for large results only.
constexpr size_t fused_plans_to_time = 1;
constexpr size_t bytes_worth_fusing = size_t{64} << 20;
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
Operands operands_of(const void* x, const void* weights, const void* y, const void* bias = nullptr) {
  Operands all{{Ids::x, Ids::weights, Ids::y},
               {const_cast<void*>(x), const_cast<void*>(weights), const_cast<void*>(y)}};
  if (bias) all.ids.push_back(Ids::bias), all.addresses.push_back(const_cast<void*>(bias));
  return all;
}

/// How a problem is solved on a device: a plan, or why there is none.
struct Solution {
  std::optional<cudnn::Graph> graph;
  std::optional<cudnn::Plan> plan;
  float milliseconds = 0;  ///< 0: it was not timed
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

/// Milliseconds of what `queue` queues, without its first run, which loads kernels.
template <class F>
float time_of(F&& queue, Stream stream) {
  queue();
  Event start, end;
  start.record(stream);
  for (int i = 0; i < timed_runs; ++i) queue();
  end.record(stream);
  return end.since(start) / static_cast<float>(timed_runs);
}

void run_plan(const cudnn::Plan& plan, cudnnHandle_t handle, const Operands& operands, Stream stream) {
  plan.run(handle, operands.ids, operands.addresses, workspace_of(plan, stream));
}

/// The fastest plan by its time on these operands; what does not run does not count.
void choose_by_time(std::vector<cudnn::Plan> plans, cudnnHandle_t handle, const Operands& operands,
                    Stream stream, Solution& solution) {
  for (cudnn::Plan& plan : plans) {
    try {
      const float time = time_of([&] { run_plan(plan, handle, operands, stream); }, stream);
      if (solution.plan && time >= solution.milliseconds * worth_changing) continue;
      solution.milliseconds = time;
      solution.plan = std::move(plan);
    } catch (const Error& error) {
      solution.remark = error.what();
    }
  }
  if (solution.plan) solution.remark = concat(solution.plan->name(), ", ", solution.milliseconds, " ms");
}

double operations(const ConvolutionProblem& p) {
  return 2.0 * static_cast<double>(p.n * p.p * p.q) * static_cast<double>(p.k * p.r * p.s * p.c);
}

const Solution& solved(const Key& key, cudnnHandle_t handle, const Operands& operands, Stream stream);

/// Declines to add the bias in the convolution's own pass where a pass after it is faster.
void compare_with_two_passes(const Key& key, cudnnHandle_t handle, const Operands& operands, Stream stream,
                             Solution& fused) {
  Key alone = key;
  alone.problem.kind = ConvolutionKind::forward;
  alone.problem.bias_alignment = ConvolutionProblem{}.bias_alignment;
  const ConvolutionProblem& p = key.problem;
  void* y = operands.addresses[2];
  const auto* bias = static_cast<const float*>(operands.addresses[3]);
  const Solution& plain =
      solved(alone, handle, operands_of(operands.addresses[0], operands.addresses[1], y), stream);
  if (!plain.plan || plain.milliseconds == 0) return;
  const float adding = time_of([&] { add_to_rows(y, p.type, bias, p.n * p.p * p.q, p.k, stream); }, stream);
  if (fused.milliseconds <= plain.milliseconds + adding) return;
  fused.remark += concat("; slower than ", plain.milliseconds, " ms and ", adding, " ms for the bias");
  fused.plan.reset();
}

Solution solve(const Key& key, cudnnHandle_t handle, const Operands& operands, Stream stream) {
  Solution solution;
  const bool fused = key.problem.kind == ConvolutionKind::forward_bias;
  const bool may_time = tuning() && operations(key.problem) >= operations_worth_timing && !capturing(stream);
  try {
    solution.graph = convolution_graph(key.problem);
    solution.graph->finalize(handle);
    cudnn::Limits limits = convolution_limits(key.problem, key.tf32, Gpu::of(stream).facts().memory);
    limits.wanted = fused ? fused_plans_to_time : may_time ? plans_to_time : 1;
    std::vector<cudnn::Plan> plans = solution.graph->plans(handle, limits);
    if (plans.empty()) {
      solution.remark = concat("none of ", solution.graph->engines(), " engines fits");
    } else if (may_time) {
      choose_by_time(std::move(plans), handle, operands, stream, solution);
      if (fused && solution.plan) compare_with_two_passes(key, handle, operands, stream, solution);
    } else {
      solution.remark = plans.front().name();
      solution.plan = std::move(plans.front());
    }
  } catch (const Error& error) {
    solution.remark = error.what();
  }
  return solution;
}

const Solution& solved(const Key& key, cudnnHandle_t handle, const Operands& operands, Stream stream) {
  const auto known = solutions().known.find(key);
  if (known != solutions().known.end()) return known->second;
  return solutions().known.emplace(key, solve(key, handle, operands, stream)).first->second;
}

/// Whether cuDNN solved it. The operands' addresses may be written several times: none may be read as well.
bool run(const ConvolutionProblem& problem, const Operands& operands, Stream stream) {
  Gpu& gpu = Gpu::of(stream);
  const CurrentDevice current(gpu.index());
  const std::lock_guard lock(solutions().mutex);  // a handle serves one call at a time
  const cudnnHandle_t handle = gpu.cudnn(stream);
  const Key key{problem, gpu.index(), problem.type == DType::f32 && tf32()};
  const Solution& solution = solved(key, handle, operands, stream);
  if (solution.plan) run_plan(*solution.plan, handle, operands, stream);
  return solution.plan.has_value();
}

size_t bytes_of(const View& view) {
  return static_cast<size_t>(view.elements()) * size_of(view.dtype);
}

/// run(problem, first picture) for equal batches of at most as many pictures as engines take; false if the
/// first cannot be computed, as then none can.
template <class F>
bool run_pieces(ConvolutionProblem problem, F&& run_piece) {
  const int64_t pictures = problem.n;
  problem.n /= pieces_of(problem);
  if (problem.n < pictures) {  // the later ones begin where their sizes say
    const auto common = [&](int64_t alignment, int64_t numbers) {
      const int64_t bits = alignment | (problem.n * numbers * static_cast<int64_t>(size_of(problem.type)));
      return bits & -bits;
    };
    problem.x_alignment = common(problem.x_alignment, problem.h * problem.w * problem.c);
    problem.y_alignment = common(problem.y_alignment, problem.p * problem.q * problem.k);
  }
  for (int64_t first = 0; first < pictures; first += problem.n)
    if (!run_piece(problem, first)) return false;
  return true;
}

/// Where the pictures from `first` on begin.
std::byte* from_picture(const View& view, int64_t first) {
  const auto picture = static_cast<int64_t>(bytes_of(view)) / view.shape[0];
  return static_cast<std::byte*>(view.data) + first * picture;
}

/// y without its bias, or with it in the same pass.
bool forward(const Conv2dArgs& args, bool with_bias, Stream stream) {
  ConvolutionProblem problem =
      problem_of(ConvolutionKind::forward, args.x, args.w, args.y, args.stride, args.pad);
  if (with_bias) {
    problem.kind = ConvolutionKind::forward_bias;
    problem.bias_alignment = alignment_of(args.b);
  }
  return run_pieces(problem, [&](const ConvolutionProblem& piece, int64_t first) {
    return run(piece,
               operands_of(from_picture(args.x, first), args.w.data, from_picture(args.y, first),
                           with_bias ? args.b.data : nullptr),
               stream);
  });
}

/// dx of the type of dy. What accumulates is computed apart and added: an engine may write more than once.
bool data_gradient(const Conv2dGradArgs& args, Stream stream) {
  View result = args.dx;
  if (args.dx.accumulate) result.data = scratch(bytes_of(result), stream, convolution_result);
  const bool computed = run_pieces(
      problem_of(ConvolutionKind::data_gradient, result, args.w, args.dy, args.stride, args.pad),
      [&](const ConvolutionProblem& piece, int64_t first) {
        return run(piece, operands_of(from_picture(result, first), args.w.data, from_picture(args.dy, first)),
                   stream);
      });
  if (computed && args.dx.accumulate)
    convert(result.data, result.dtype, args.dx.data, args.dx.dtype, args.dx.elements(), true, stream);
  return computed;
}

/// dw in f32; of bf16 operands each piece's is rounded to bf16 on the way, as there is no engine that does
/// not.
bool weight_gradient(const Conv2dGradArgs& args, Stream stream) {
  View result = args.dw;
  result.dtype = args.dy.dtype;
  ConvolutionProblem problem =
      problem_of(ConvolutionKind::weight_gradient, args.x, result, args.dy, args.stride, args.pad);
  const bool apart = args.dw.accumulate || result.dtype != args.dw.dtype || pieces_of(problem) > 1;
  if (apart) {
    result.data = scratch(bytes_of(result), stream, convolution_result);
    problem = problem_of(ConvolutionKind::weight_gradient, args.x, result, args.dy, args.stride, args.pad);
  }
  return run_pieces(problem, [&](const ConvolutionProblem& piece, int64_t first) {
    if (!run(piece, operands_of(from_picture(args.x, first), result.data, from_picture(args.dy, first)),
             stream))
      return false;
    if (apart)
      convert(result.data, result.dtype, args.dw.data, args.dw.dtype, args.dw.elements(),
              args.dw.accumulate || first > 0, stream);
    return true;
  });
}

bool is_computable(const View& a, const View& b) {
  return a.dtype == b.dtype && (a.dtype == DType::f32 || a.dtype == DType::bf16) && a.elements() > 0 &&
         b.elements() > 0;
}

}  // namespace

bool cudnn_conv2d(const Conv2dArgs& args, Stream stream) {
  if (!is_computable(args.x, args.w) || !is_computable(args.x, args.y)) return false;
  if (!args.b) return forward(args, false, stream);
  if (bytes_of(args.y) >= bytes_worth_fusing && forward(args, true, stream)) return true;
  if (!forward(args, false, stream)) return false;
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

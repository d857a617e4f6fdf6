// The tape: users call ops on Vars, the graph records launches, and `backward` appends the gradient's
// launches.
#pragma once

#include <functional>
#include <map>
#include <utility>
#include <vector>

#include <t2ue/core/compute.hpp>
#include <t2ue/core/launch.hpp>
#include <t2ue/core/parameter.hpp>

namespace t2ue {

class Graph;

/// A value of a graph under a shape. An absent Var (default) stands for an optional argument left out.
class Var {
 public:
  Var() = default;
  Var(Graph* graph, int32_t id, const Shape& shape) : graph_(graph), id_(id), shape_(shape) {}

  explicit operator bool() const { return graph_ != nullptr; }
  Graph& graph() const { return *graph_; }
  int32_t id() const { return id_; }
  const Shape& shape() const { return shape_; }
  DType dtype() const;
  /// What kernels are given; absent for an absent Var.
  View view() const;
  operator View() const { return view(); }
  /// The same elements under another shape.
  Var reshape(const Shape& shape) const;

 private:
  Graph* graph_ = nullptr;
  int32_t id_ = -1;
  Shape shape_;
};

/// Records one step. Not copyable; lives as long as its Vars are used.
class Graph {
 public:
  /// check_finite (eager only): after every launch, Error naming the op and tensor that holds a NaN or
  /// infinity.
  /// Error if the backend does not compute in `precision`.
  explicit Graph(const Backend& backend, Device device = {}, Execution execution = Execution::planned,
                 bool check_finite = false, Precision precision = Precision::fp32);
  Graph(const Graph&) = delete;
  Graph& operator=(const Graph&) = delete;

  // ---- what users of ops call ----
  /// A tensor whose contents are read anew at every run.
  Var input(const Tensor& tensor, bool requires_grad = false);
  /// A module's tensor; trained unless it is a buffer, frozen, or a `NoGrad` scope is open. In bf16 matrices
  /// (two or more dimensions) are their bf16 shadows, while vectors, and the gradients of both, are f32.
  Var parameter(Parameter& parameter);
  /// Appends the gradients of `loss` (one element). Once a graph. Trained parameters that the loss does not
  /// depend on get a zero gradient.
  void backward(const Var& loss);
  /// The tensor that holds this value after a run.
  Tensor output(const Var& value);
  /// The tensor that holds the gradient of an input after a run; call after `backward`.
  Tensor gradient(const Var& input);
  /// Whether modules use batch statistics; false inside an `EvalMode` scope.
  bool training() const { return training_; }
  Device device() const { return device_; }
  Precision precision() const { return precision_; }
  /// The type of activations: bf16 in bf16, else f32.
  DType activation_type() const { return precision_ == Precision::bf16 ? DType::bf16 : DType::f32; }

  // ---- what ops are made of ----
  /// A new intermediate value: f32, as statistics, losses and log-sums are, unless told otherwise. What is an
  /// activation has the type of the activation it comes from. A gradient has the type of its value, that of a
  /// parameter is f32.
  Var value(const Shape& shape, DType dtype = DType::f32);
  /// Adds a call of the op that these arguments are of. `name` is what errors call it.
  template <class Args>
  void launch(const Args& args, const char* name = OpOf<Args>::name) {
    add_launch(std::make_unique<LaunchOf<Args>>(args, name));
  }
  /// Says how gradients flow from outputs to inputs: `emit` appends the launches. It is kept only if an input
  /// requires a gradient, and called only if one reached an output.
  void differentiate(std::vector<Var> outputs, std::vector<Var> inputs, std::function<void()> emit);
  /// Where to write the gradient of x: absent if not required; overwrites at the first call, then
  /// accumulates.
  GradView grad(const Var& x);
  /// The gradient that has reached an output of the op; absent if none has.
  View grad_of(const Var& y) const;
  /// Lets x use y's gradient buffer as its own; possible when x has no gradient yet. Valid because y's
  /// gradient is complete and read by nobody else once its op's `emit` runs.
  bool share_grad(const Var& y, const Var& x);
  bool requires_grad(const Var& x) const { return x && values_[index(x)].requires_grad; }

 private:
  friend class NoGrad;
  friend class EvalMode;
  friend class Plan;
  friend class Var;

  struct Value {
    Shape shape;
    DType dtype = DType::f32;
    bool requires_grad = false;
    int32_t grad = -1;  // id of the gradient's value
    Tensor storage;     // set for inputs, parameters and outputs; in eager mode for all
    std::string name;   // parameters only
  };
  struct Node {
    std::vector<Var> outputs;
    std::function<void()> emit;
  };

  static size_t index(const Var& x) { return static_cast<size_t>(x.id()); }
  int32_t new_value(Value value);
  void add_launch(std::unique_ptr<Launch> launch);
  void run_now(Launch& launch);

  const Backend& backend_;
  Device device_;
  Execution execution_;
  bool check_finite_;
  Precision precision_;
  bool frozen_ = false, training_ = true, differentiated_ = false;
  std::vector<Value> values_;
  std::vector<Node> nodes_;
  std::vector<std::unique_ptr<Launch>> launches_;
  std::map<std::pair<const Parameter*, bool>, Var> parameters_;
};

/// While it lives, parameters entering the graph are constants: no gradient, and nothing is kept for one.
class NoGrad {
 public:
  explicit NoGrad(Graph& graph) : graph_(graph), before_(std::exchange(graph.frozen_, true)) {}
  ~NoGrad() { graph_.frozen_ = before_; }
  NoGrad(const NoGrad&) = delete;
  NoGrad& operator=(const NoGrad&) = delete;

 private:
  Graph& graph_;
  bool before_;
};

/// While it lives, modules run in evaluation mode: running statistics instead of the batch's.
class EvalMode {
 public:
  explicit EvalMode(Graph& graph) : graph_(graph), before_(std::exchange(graph.training_, false)) {}
  ~EvalMode() { graph_.training_ = before_; }
  EvalMode(const EvalMode&) = delete;
  EvalMode& operator=(const EvalMode&) = delete;

 private:
  Graph& graph_;
  bool before_;
};

/// Error unless the values in `same` have x's type and those in `f32` are f32; absent ones are fine.
void check_types(const char* where, const Var& x, std::initializer_list<Var> same,
                 std::initializer_list<Var> f32 = {});

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/core/graph.inl.hpp>
#endif

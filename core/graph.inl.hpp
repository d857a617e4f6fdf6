#pragma once

#include <algorithm>

#include <t2ue/core/graph.hpp>

namespace t2ue {

T2UE_INLINE View Var::view() const {
  if (!graph_) return {};
  const Graph::Value& value = graph_->values_[static_cast<size_t>(id_)];
  return View{value.storage.data(), shape_, value.dtype, id_};
}

T2UE_INLINE Var Var::reshape(const Shape& shape) const {
  check(shape.elements() == shape_.elements(), "reshape", "cannot see ", shape_, " as ", shape);
  return Var(graph_, id_, shape);
}

T2UE_INLINE Var Graph::input(const Tensor& tensor, bool requires_grad) {
  check(static_cast<bool>(tensor), "input", "the tensor has no memory; allocate it before recording");
  check(tensor.device() == device_, "input", "the tensor is on ", tensor.device().text(), ", the graph on ",
        device_.text());
  const int32_t id = new_value({tensor.shape(), tensor.dtype(), requires_grad, -1, tensor, {}});
  return Var(this, id, tensor.shape());
}

T2UE_INLINE Var Graph::parameter(Parameter& parameter) {
  const auto key = std::pair<const Parameter*, bool>(&parameter, frozen_);
  if (const auto found = parameters_.find(key); found != parameters_.end()) return found->second;
  check(static_cast<bool>(parameter.value), "parameter", "'", parameter.name,
        "' has no memory; make a ParameterSet of its module first");
  check(!parameter.name.empty(), "parameter",
        "a parameter has no name; make a ParameterSet of its module first");
  const bool trained = parameter.trained && !parameter.frozen && !frozen_;
  const bool shadowed = precision_ == Precision::bf16 && parameter.trained && parameter.shape.rank() >= 2;
  check(!shadowed || parameter.shadow, "parameter", "'", parameter.name,
        "' has no bf16 shadow; make its ParameterSet with Precision::bf16");
  const bool padded = parameter.is_padded(precision_);
  check(!padded || parameter.padded.value, "parameter", "'", parameter.name,
        "' has no padded memory; make its ParameterSet with Precision::bf16");
  const Tensor &value = padded ? parameter.padded.value : parameter.value,
               &grad = padded ? parameter.padded.grad : parameter.grad,
               &shadow = padded ? parameter.padded.shadow : parameter.shadow;
  const Var var = input(shadowed ? shadow : value, trained);
  values_[index(var)].name = parameter.name;
  if (trained) {
    check(static_cast<bool>(grad), "parameter", "'", parameter.name, "' has no gradient memory");
    values_[index(var)].grad = -1;
    // Written later: Value::grad stays -1 until the first contribution.
    values_.push_back({grad.shape(), DType::f32, false, -1, grad, parameter.name + ".grad"});
  }
  parameters_.emplace(key, var);
  return var;
}

T2UE_INLINE Var Graph::value(const Shape& shape, DType dtype) {
  return Var(this, new_value({shape, dtype, false, -1, {}, {}}), shape);
}

T2UE_INLINE void Graph::differentiate(std::vector<Var> outputs, std::vector<Var> inputs,
                                      std::function<void()> emit) {
  if (std::none_of(inputs.begin(), inputs.end(), [&](const Var& x) { return requires_grad(x); })) return;
  for (const Var& y : outputs)
    if (y) values_[index(y)].requires_grad = true;
  nodes_.push_back({std::move(outputs), std::move(emit)});
}

T2UE_INLINE GradView Graph::grad(const Var& x) {
  if (!requires_grad(x)) return {};
  Value& value = values_[index(x)];
  GradView view;
  view.accumulate = value.grad >= 0;
  if (value.grad < 0) {
    // A trained parameter's gradient is the value recorded right after it: it lives in the module's own
    // memory.
    const bool parameter = !value.name.empty();
    const int32_t id = parameter ? x.id() + 1 : new_value({value.shape, value.dtype, false, -1, {}, {}});
    values_[index(x)].grad = id;
  }
  const int32_t id = values_[index(x)].grad;
  const Value& gradient = values_[static_cast<size_t>(id)];
  static_cast<View&>(view) = View{gradient.storage.data(), x.shape(), gradient.dtype, id};
  return view;
}

T2UE_INLINE View Graph::grad_of(const Var& y) const {
  if (!y) return {};
  const int32_t id = values_[index(y)].grad;
  if (id < 0) return {};
  const Value& gradient = values_[static_cast<size_t>(id)];
  return View{gradient.storage.data(), y.shape(), gradient.dtype, id};
}

T2UE_INLINE bool Graph::share_grad(const Var& y, const Var& x) {
  Value& to = values_[index(x)];
  const bool intermediate = execution_ == Execution::eager ? to.name.empty() : !to.storage;
  if (!to.requires_grad || to.grad >= 0 || !intermediate || to.dtype != y.dtype()) return false;
  to.grad = values_[index(y)].grad;
  return true;
}

T2UE_INLINE void Graph::backward(const Var& loss) {
  check(loss && loss.shape().elements() == 1, "backward", "the loss must have one element");
  check(!differentiated_, "backward", "a graph is differentiated once; add the losses instead");
  check(requires_grad(loss), "backward", "the loss depends on nothing that is trained");
  differentiated_ = true;
  FillArgs seed;
  static_cast<View&>(seed.y) = grad(loss);
  seed.value = 1.0f;
  launch(seed);
  for (auto node = nodes_.rbegin(); node != nodes_.rend(); ++node) {
    const bool reached = std::any_of(node->outputs.begin(), node->outputs.end(),
                                     [&](const Var& y) { return static_cast<bool>(grad_of(y)); });
    if (reached) node->emit();
  }
  nodes_.clear();
  for (const auto& [key, var] : parameters_) {
    if (!requires_grad(var) || grad_of(var)) continue;
    FillArgs zero;
    zero.y = grad(var);
    launch(zero);
  }
}

T2UE_INLINE Tensor Graph::output(const Var& var) {
  check(static_cast<bool>(var), "output", "the value is absent");
  Value& value = values_[index(var)];
  if (!value.storage) value.storage = Tensor(value.shape, value.dtype, device_);
  return value.storage.slice(0, var.shape());
}

T2UE_INLINE Tensor Graph::gradient(const Var& var) {
  check(static_cast<bool>(grad_of(var)), "gradient", "no gradient reached this input");
  return output(Var(this, values_[index(var)].grad, var.shape()));
}

T2UE_INLINE void Graph::add_launch(std::unique_ptr<Launch> launch) {
  if (execution_ == Execution::eager)
    run_now(*launch);
  else
    launches_.push_back(std::move(launch));
}

T2UE_INLINE void Graph::run_now(Launch& launch) {
  launch.visit([&](View& view, Access) {
    Value& value = values_[static_cast<size_t>(view.value)];
    if (!value.storage) value.storage = Tensor(value.shape, value.dtype, device_);
    view.data = value.storage.data();
  });
  if (backend_.set_tf32) backend_.set_tf32(precision_ == Precision::tf32);
  launch.run(backend_.kernels, backend_.stream(device_));
  if (!check_finite_) return;
  int position = 0;
  launch.visit([&](View& view, Access access) {
    ++position;
    if (access == Access::read || (view.dtype != DType::f32 && view.dtype != DType::bf16)) return;
    const Value& value = values_[static_cast<size_t>(view.value)];
    const std::vector<float> numbers = value.storage.to_floats();
    for (size_t i = 0; i < numbers.size(); ++i)
      check(std::isfinite(numbers[i]), launch.name(), "wrote ", numbers[i], " at element ", i, " of ",
            value.name.empty() ? concat("its tensor number ", position) : "'" + value.name + "'",
            " of shape ", view.shape);
  });
}

T2UE_INLINE Graph::Graph(const Backend& backend, Device device, Execution execution, bool check_finite,
                         Precision precision)
    : backend_(backend),
      device_(device),
      execution_(execution),
      check_finite_(check_finite),
      precision_(precision) {
  check_precision(backend, precision);
}

T2UE_INLINE int32_t Graph::new_value(Value value) {
  values_.push_back(std::move(value));
  return static_cast<int32_t>(values_.size()) - 1;
}

T2UE_INLINE void check_types(const char* where, const Var& x, std::initializer_list<Var> same,
                             std::initializer_list<Var> f32) {
  for (const Var& v : same)
    check(!v || v.dtype() == x.dtype(), where, "mixes ", name_of(x.dtype()), x.shape(), " and ",
          v ? name_of(v.dtype()) : "", v.shape(), "; cast one of them");
  for (const Var& v : f32)
    check(!v || v.dtype() == DType::f32, where, "takes f32 for what is not an activation, got ",
          v ? name_of(v.dtype()) : "", v.shape());
}

T2UE_INLINE DType Var::dtype() const {
  return graph_->values_[static_cast<size_t>(id_)].dtype;
}

}  // namespace t2ue

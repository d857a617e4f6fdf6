#pragma once

#include <algorithm>

#include <t2ue/core/plan.hpp>

namespace t2ue {

T2UE_INLINE Plan::Plan(Graph&& graph)
    : backend_(graph.backend_),
      device_(graph.device_),
      tf32_(graph.precision_ == Precision::tf32),
      launches_(std::move(graph.launches_)) {
  drop_dead_launches(graph);
  find_lives(graph);
  layout_ = lay_out_arena(buffers_);
  arena_ = Tensor(Shape{layout_.bytes}, DType::u8, graph.device_);
  link(graph);
}

T2UE_INLINE void Plan::drop_dead_launches(const Graph& graph) {
  // Walking backwards, a launch is needed if it writes outside memory or something that a needed one reads.
  std::vector<char> needed(graph.values_.size(), 0);
  for (size_t i = 0; i < needed.size(); ++i) needed[i] = static_cast<bool>(graph.values_[i].storage);
  for (auto launch = launches_.rbegin(); launch != launches_.rend(); ++launch) {
    bool alive = false;
    (*launch)->visit([&](const View& view, Access access) {
      alive |= access != Access::read && needed[static_cast<size_t>(view.value)];
    });
    if (!alive)
      launch->reset();
    else
      (*launch)->visit([&](const View& view, Access access) {
        if (access != Access::write) needed[static_cast<size_t>(view.value)] = 1;
      });
  }
  std::erase(launches_, nullptr);
}

T2UE_INLINE void Plan::find_lives(const Graph& graph) {
  buffer_of_value_.assign(graph.values_.size(), -1);
  for (size_t i = 0; i < launches_.size(); ++i) {
    launches_[i]->visit([&](const View& view, Access access) {
      const Graph::Value& value = graph.values_[static_cast<size_t>(view.value)];
      if (value.storage) return;
      int32_t& buffer = buffer_of_value_[static_cast<size_t>(view.value)];
      if (buffer < 0) {
        check(access == Access::write, launches_[i]->name(), "reads a value that nothing has written");
        buffer = static_cast<int32_t>(buffers_.size());
        const int64_t bytes = value.shape.elements() * static_cast<int64_t>(size_of(value.dtype));
        buffers_.push_back({bytes, static_cast<int>(i), static_cast<int>(i)});
      }
      buffers_[static_cast<size_t>(buffer)].last = static_cast<int>(i);
    });
  }
}

T2UE_INLINE void Plan::link(Graph& graph) {
  auto* base = static_cast<uint8_t*>(arena_.data());
  for (auto& launch : launches_) {
    launch->visit([&](View& view, Access) {
      const Tensor& storage = graph.values_[static_cast<size_t>(view.value)].storage;
      const int32_t buffer = buffer_of_value_[static_cast<size_t>(view.value)];
      view.data = storage ? storage.data() : base + layout_.offsets[static_cast<size_t>(buffer)];
    });
  }
  for (const Graph::Value& value : graph.values_)
    if (value.storage) kept_.push_back(value.storage);
}

T2UE_INLINE void Plan::launch_all(const char* while_doing) const {
  if (backend_.set_tf32) backend_.set_tf32(tf32_);
  const Stream stream = backend_.stream(device_);
  for (const auto& launch : launches_) {
    try {
      launch->run(backend_.kernels, stream);
    } catch (const Error& error) {
      if (!*while_doing) throw;
      fail(launch->name(), while_doing, ": ", error.what());
    }
  }
}

T2UE_INLINE void Plan::run() const {
  if (!captured_ && (!backend_.capture || runs_ < 2)) {
    launch_all("");
    ++runs_;
    return;
  }
  if (!captured_) {
    void* captured = backend_.capture(device_, [this] { launch_all("while the step was captured"); });
    captured_ = std::shared_ptr<void>(
        captured, [destroy = backend_.destroy, device = device_](void* unit) { destroy(device, unit); });
  }
  backend_.replay(device_, captured_.get());
}

T2UE_INLINE Step::Step(Recorder record, const Backend& backend, const Compute& compute)
    : record_(std::move(record)), backend_(backend), device_(compute.device), precision_(compute.precision) {
  if (compute.execution == Execution::eager) return;
  Graph graph(backend_, device_, Execution::planned, false, precision_);
  record_(graph);
  plan_ = std::make_unique<Plan>(std::move(graph));
}

T2UE_INLINE void Step::run() {
  if (plan_) return plan_->run();
  Graph graph(backend_, device_, Execution::eager, false, precision_);
  record_(graph);
}

T2UE_INLINE void Step::find_non_finite() {
  Graph graph(backend_, device_, Execution::eager, true, precision_);
  record_(graph);
}

}  // namespace t2ue

// How gpu_step_bench measures: rounds of replays, each ended by a synchronisation.
#pragma once

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include <t2ue/core/ops/ops.hpp>
#include <t2ue/core/plan.hpp>

#include "gpu_steps.hpp"
#include "op_cost.hpp"

namespace t2ue::benchmarks {

using Json = nlohmann::ordered_json;

struct TimingOptions : WorkloadOptions {
  int rounds = 9, steps = 10;

  DType type() const { return precision == Precision::bf16 ? DType::bf16 : DType::f32; }
};

inline double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}
inline double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}
inline void finish(const TimingOptions& o) {
  const Backend& backend = backend_of(o.device);
  if (backend.synchronise) backend.synchronise(o.device);
}

/// The time of one `run`, of which every round makes o.steps, and how long the host takes to queue it.
template <class Run>
Json timed_runs(const std::string& what, const TimingOptions& o, Run&& run) {
  for (int i = 0; i < 5; ++i) run();  // a step's third run is captured
  finish(o);
  std::vector<double> rounds, queued;
  for (int round = 0; round < o.rounds; ++round) {
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < o.steps; ++i) {
      const auto before = std::chrono::steady_clock::now();
      run();
      queued.push_back(seconds_since(before));
    }
    finish(o);
    rounds.push_back(seconds_since(start) / o.steps);
  }
  return {{"what", what},
          {"ms", 1e3 * median(rounds)},
          {"least_ms", 1e3 * *std::min_element(rounds.begin(), rounds.end())},
          {"most_ms", 1e3 * *std::max_element(rounds.begin(), rounds.end())},
          {"host_us", backend_of(o.device).capture ? Json(1e6 * median(queued)) : Json(nullptr)}};
}

inline Json timed(const std::string& what, const Step::Recorder& record, const TimingOptions& o) {
  Step step(record, {o.device, Execution::planned, o.precision});
  Json row = timed_runs(what, o, [&] { step.run(); });
  row["launches"] = step.plan()->launches();
  row["arena_bytes"] = step.plan()->arena_bytes();
  const Backend& backend = backend_of(o.device);
  row["peak_bytes"] = backend.memory_peak ? Json(backend.memory_peak(o.device)) : Json(nullptr);
  return row;
}

/// Floating point operations, counted from what a step launches: it is recorded with kernels that only count.
inline double flops_of(const Step::Recorder& record, const TimingOptions& o) {
  static double counted = 0;
  Backend counting = backend_of(o.device);
#define T2UE_COUNT(op, Args) counting.kernels.op = [](const Args& args, Stream) { counted += flops(args); };
  T2UE_OPS(T2UE_COUNT)
#undef T2UE_COUNT
  counting.capture = nullptr;
  counted = 0;
  Step(record, counting, {o.device, Execution::planned, o.precision}).run();
  return counted;
}

inline Json with_flops(Json row, double flops) {
  row["flops"] = flops;
  row["tflops_a_second"] = flops / (row.at("ms").get<double>() / 1e3) / 1e12;
  return row;
}
/// Bytes: what has to be moved at least, every tensor once.
inline Json with_bytes(Json row, double bytes) {
  row["bytes"] = bytes;
  row["gb_a_second"] = bytes / (row.at("ms").get<double>() / 1e3) / 1e9;
  return row;
}

/// Normal numbers, which repeat: on zeros a GPU draws less power and is faster than on data.
inline Tensor filled(const Shape& shape, DType type, const TimingOptions& o) {
  Random random(1, Purpose::test);
  const auto values = [&]<class T>(T*) {
    std::vector<T> all(static_cast<size_t>(shape.elements()));
    const size_t period = std::min<size_t>(all.size(), 1'000'003);
    for (size_t i = 0; i < all.size(); ++i) all[i] = i < period ? T(random.normal()) : all[i - period];
    return Tensor::of(all, shape, o.device);
  };
  return type == DType::bf16 ? values(static_cast<bf16*>(nullptr)) : values(static_cast<float*>(nullptr));
}

}  // namespace t2ue::benchmarks

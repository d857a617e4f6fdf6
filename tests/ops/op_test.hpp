// Checks one op from all sides: against a plain float64 reference and its finite differences, on every CPU
// backend, planned and eager, run again, with several numbers of threads, accumulating, and frozen.
#pragma once

#include <gtest/gtest.h>
#include <omp.h>
#if defined(__GLIBC__)
#include <malloc.h>
#endif

#include <bit>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include <t2ue/core/ops/ops.hpp>
#include <t2ue/core/plan.hpp>
#include <t2ue/core/rng.hpp>

#include "tolerance.hpp"

namespace t2ue::testing_ops {

using Doubles = std::vector<double>;
using Arrays = std::vector<Doubles>;
using Vars = std::vector<Var>;

/// What is fed to the op. `trained`: its gradient is checked. `state`: the op updates it in place.
struct Input {
  std::string name;
  Tensor tensor;
  bool trained = true, state = false;
};

struct Case {
  std::vector<Input> inputs;
  /// Calls the op; returns its outputs.
  std::function<Vars(Graph&, const Vars&)> record;
  /// The outputs, then the new contents of the `state` inputs, from the contents of all inputs.
  std::function<Arrays(const Arrays&)> reference;
  /// Where the gradient is by definition not that of `reference` (straight-through rounding): what it is of.
  std::function<Arrays(const Arrays&)> gradient_of = {};
  int64_t reduction = 1;  ///< the number of terms that a result or a gradient sums
  double terms = 0;       ///< their size, where they cancel
};

inline size_t at(int64_t i) {
  return static_cast<size_t>(i);
}

inline std::vector<float> random_values(int64_t count, uint64_t item, float low = -1, float high = 1) {
  Random random(2024, Purpose::test, item);
  std::vector<float> values(at(count));
  for (float& value : values) value = random.uniform(low, high);
  return values;
}
inline Tensor random_tensor(const Shape& shape, uint64_t item, float low = -1, float high = 1) {
  return Tensor::of(random_values(shape.elements(), item, low, high), shape);
}
/// Random numbers no two of which are closer than (high-low)/count: for ops that compare.
inline Tensor distinct_tensor(const Shape& shape, uint64_t item) {
  const std::vector<int64_t> order = shuffled_order(shape.elements(), 2024, item);
  std::vector<float> values;
  for (const int64_t place : order)
    values.push_back((static_cast<float>(place) + 0.5f) / static_cast<float>(order.size()) * 2 - 1);
  return Tensor::of(values, shape);
}
inline Tensor random_ids(const Shape& shape, uint64_t item, uint32_t count) {
  Random random(2024, Purpose::test, item);
  std::vector<int32_t> ids(at(shape.elements()));
  for (int32_t& id : ids) id = static_cast<int32_t>(random.below(count));
  return Tensor::of(ids, shape);
}

inline Doubles to_doubles(const Tensor& tensor) {
  const auto widen = [](const auto& values) { return Doubles(values.begin(), values.end()); };
  if (tensor.dtype() == DType::u8) return widen(tensor.to_vector<uint8_t>());
  if (tensor.dtype() == DType::i32) return widen(tensor.to_vector<int32_t>());
  return widen(tensor.to_vector<float>());
}
inline Arrays to_doubles(const std::vector<Input>& inputs) {
  Arrays all;
  for (const Input& input : inputs) all.push_back(to_doubles(input.tensor));
  return all;
}

/// The smallest magnitude: how far a set of values is from a kink at zero.
inline double smallest(const Doubles& values) {
  double least = std::numeric_limits<double>::infinity();
  for (const double value : values) least = std::min(least, std::abs(value));
  return least;
}
/// Finite differences step by this; kinks are kept ten times further away.
inline constexpr double step = 1e-4, kink_margin = 1e-3;

/// Fresh memory then holds NaN, so that an element that a kernel leaves unwritten shows.
inline void poison_fresh_memory() {
#if defined(__GLIBC__)
  mallopt(M_PERTURB, 0x100);  // bytes become the complement of the low byte: 0xff
#endif
}
inline void poison(Tensor tensor) {
  tensor.assign(std::vector<float>(at(tensor.shape().elements()), std::numeric_limits<float>::quiet_NaN()));
}

struct Result {
  std::vector<std::vector<float>> outputs, states, gradients;  // gradients: empty for inputs not trained
};

inline std::vector<float> projection(int64_t count, size_t output) {
  return random_values(count, 900 + output);
}

/// The sum of all outputs times fixed random weights; it has one element.
inline Var project(Graph& graph, const Vars& outputs) {
  Var loss;
  for (size_t i = 0; i < outputs.size(); ++i) {
    const int64_t count = outputs[i].shape().elements();
    const Var weights = graph.input(Tensor::of(projection(count, i), {1, count}));
    const Var part = linear(outputs[i].reshape({count}), weights);
    loss = loss ? add(loss, part) : part;
  }
  return loss;
}

inline double project(const Arrays& outputs, size_t recorded) {
  double loss = 0;
  for (size_t i = 0; i < recorded; ++i) {
    const std::vector<float> weights = projection(static_cast<int64_t>(outputs[i].size()), i);
    for (size_t j = 0; j < weights.size(); ++j) loss += static_cast<double>(weights[j]) * outputs[i][j];
  }
  return loss;
}

struct RunOptions {
  Execution execution = Execution::planned;
  int uses = 1;           ///< how often the op is applied to the same inputs
  int only_trained = -1;  ///< the only input with a gradient, or -1 for all trained ones
  int replays = 1;
};

/// Records, differentiates and runs a case; the states are put back afterwards.
inline Result run(const Case& c, const Backend& backend, const RunOptions& options = {}) {
  Arrays before = to_doubles(c.inputs);
  const auto restore = [&] {
    for (size_t i = 0; i < c.inputs.size(); ++i)
      if (c.inputs[i].state) {
        Tensor tensor = c.inputs[i].tensor;
        tensor.assign(std::vector<float>(before[i].begin(), before[i].end()));
      }
  };
  Graph graph(backend, {}, options.execution);
  Vars vars;
  for (size_t i = 0; i < c.inputs.size(); ++i) {
    const bool wanted = options.only_trained < 0 || options.only_trained == static_cast<int>(i);
    vars.push_back(graph.input(c.inputs[i].tensor, c.inputs[i].trained && wanted));
  }
  Vars outputs = c.record(graph, vars);
  Var loss = project(graph, outputs);
  for (int use = 1; use < options.uses; ++use) loss = add(loss, project(graph, c.record(graph, vars)));
  graph.backward(loss);

  std::vector<Tensor> output_tensors, gradient_tensors;
  for (const Var& output : outputs) output_tensors.push_back(graph.output(output));
  for (const Var& var : vars)
    gradient_tensors.push_back(graph.requires_grad(var) ? graph.gradient(var) : Tensor{});
  for (const Var& var : vars) {
    if (!graph.requires_grad(var)) {
      EXPECT_THROW(graph.gradient(var), Error);
    }
  }
  if (options.execution == Execution::planned) {
    const Plan plan(std::move(graph));
    for (int replay = 0; replay < options.replays; ++replay) {
      restore();
      for (const Tensor& tensor : output_tensors) poison(tensor);
      for (const Tensor& tensor : gradient_tensors)
        if (tensor) poison(tensor);
      plan.run();
    }
  }
  Result result;
  for (const Tensor& tensor : output_tensors) result.outputs.push_back(tensor.to_vector<float>());
  for (const Tensor& tensor : gradient_tensors)
    result.gradients.push_back(tensor ? tensor.to_vector<float>() : std::vector<float>{});
  for (const Input& input : c.inputs)
    if (input.state) result.states.push_back(input.tensor.to_vector<float>());
  restore();
  return result;
}

inline void expect_near(const std::vector<float>& actual, const Doubles& expected, double tolerance,
                        const std::string& what) {
  ASSERT_EQ(actual.size(), expected.size()) << what;
  for (size_t i = 0; i < actual.size(); ++i)
    ASSERT_NEAR(static_cast<double>(actual[i]), expected[i], tolerance) << what << ", element " << i;
}
inline void expect_near(const std::vector<float>& actual, const Doubles& expected, const Case& c,
                        const std::string& what) {
  expect_near(actual, expected, testing_tolerance::fp32(c.reduction, expected, c.terms), what);
}

inline void expect_same_bits(const Result& a, const Result& b, const std::string& what) {
  const auto same = [&](const auto& left, const auto& right, const char* part) {
    ASSERT_EQ(left.size(), right.size());
    for (size_t i = 0; i < left.size(); ++i) {
      ASSERT_EQ(left[i].size(), right[i].size());
      for (size_t j = 0; j < left[i].size(); ++j)
        ASSERT_EQ(std::bit_cast<uint32_t>(left[i][j]), std::bit_cast<uint32_t>(right[i][j]))
            << what << ": " << part << " " << i << ", element " << j << ": " << left[i][j] << " and "
            << right[i][j];
    }
  };
  same(a.outputs, b.outputs, "output");
  same(a.states, b.states, "state");
  same(a.gradients, b.gradients, "gradient");
}

/// Central finite differences of the projected reference, at up to `probes` elements of one input.
struct Differences {
  std::vector<size_t> elements;
  Doubles slopes;
};
inline Differences finite_differences(const Case& c, size_t input, size_t recorded, size_t probes = 32) {
  const auto& function = c.gradient_of ? c.gradient_of : c.reference;
  Arrays x = to_doubles(c.inputs);
  Differences found;
  for (const int64_t place : shuffled_order(static_cast<int64_t>(x[input].size()), 7, input)) {
    if (found.elements.size() == probes) break;
    double& element = x[input][at(place)];
    const double middle = element;
    element = middle + step;
    const double above = project(function(x), recorded);
    element = middle - step;
    const double below = project(function(x), recorded);
    element = middle;
    found.elements.push_back(at(place));
    found.slopes.push_back((above - below) / (2 * step));
  }
  return found;
}

inline void expect_gradients(const Case& c, const Result& result, const std::vector<Differences>& differences,
                             double factor, const std::string& what) {
  for (size_t i = 0; i < c.inputs.size(); ++i) {
    if (result.gradients[i].empty()) continue;
    for (const float value : result.gradients[i])
      ASSERT_TRUE(std::isfinite(value)) << what << " " << c.inputs[i].name;
    std::vector<float> probed;
    Doubles expected;
    for (size_t j = 0; j < differences[i].elements.size(); ++j) {
      probed.push_back(result.gradients[i][differences[i].elements[j]]);
      expected.push_back(factor * differences[i].slopes[j]);
    }
    expect_near(probed, expected, c, what + ": gradient of " + c.inputs[i].name);
    if (testing::Test::HasFatalFailure()) return;
  }
}

inline void check_on(const Case& c, const Backend& backend) {
  const std::string where = backend.kernels.name;
  SCOPED_TRACE(where);
  const Arrays expected = c.reference(to_doubles(c.inputs));
  const Result planned = run(c, backend);
  for (size_t i = 0; i < planned.outputs.size(); ++i)
    ASSERT_NO_FATAL_FAILURE(expect_near(planned.outputs[i], expected[i], c, "output " + std::to_string(i)));
  for (size_t i = 0; i < planned.states.size(); ++i)
    ASSERT_NO_FATAL_FAILURE(expect_near(planned.states[i], expected[planned.outputs.size() + i], c, "state"));

  std::vector<Differences> differences(c.inputs.size());
  for (size_t i = 0; i < c.inputs.size(); ++i)
    if (c.inputs[i].trained) differences[i] = finite_differences(c, i, planned.outputs.size());
  ASSERT_NO_FATAL_FAILURE(expect_gradients(c, planned, differences, 1, "planned"));

  ASSERT_NO_FATAL_FAILURE(
      expect_same_bits(planned, run(c, backend, {.execution = Execution::eager}), "eager"));
  ASSERT_NO_FATAL_FAILURE(expect_same_bits(planned, run(c, backend, {.replays = 2}), "second run"));
  if (&backend == &cpu_reference_backend()) {
    const int threads = omp_get_max_threads();
    for (const int other : {1, 3}) {
      omp_set_num_threads(other);
      const Result again = run(c, backend);
      omp_set_num_threads(threads);
      ASSERT_NO_FATAL_FAILURE(expect_same_bits(planned, again, std::to_string(other) + " threads"));
    }
  }
  const bool has_state = !planned.states.empty();
  if (!has_state) {
    ASSERT_NO_FATAL_FAILURE(expect_gradients(c, run(c, backend, {.uses = 2}), differences, 2, "used twice"));
  }
  for (size_t i = 0; i < c.inputs.size(); ++i) {
    if (!c.inputs[i].trained) continue;
    const Result alone = run(c, backend, {.only_trained = static_cast<int>(i)});
    ASSERT_NO_FATAL_FAILURE(expect_gradients(c, alone, differences, 1, "others frozen"));
  }
}

/// With nothing of the op trained, a plan holds its forward and nothing else of it.
inline void check_frozen(const Case& c) {
  const auto launches = [&](bool backward) {
    Graph graph(cpu_reference_backend());
    Vars vars;
    for (const Input& input : c.inputs) vars.push_back(graph.input(input.tensor));
    const Var other = graph.input(Tensor::zeros({1}), true);
    const Var loss = add(project(graph, c.record(graph, vars)), other);
    graph.output(loss);
    if (backward) {
      graph.backward(loss);
      graph.gradient(other);
    }
    return Plan(std::move(graph)).launches();
  };
  EXPECT_EQ(launches(true), launches(false) + 2) << "only the seed and the sum's gradient should come on top";
}

inline void check_op(const Case& c) {
  poison_fresh_memory();
  check_on(c, cpu_reference_backend());
  if (testing::Test::HasFatalFailure()) return;
  if (&cpu_backend() != &cpu_reference_backend()) check_on(c, cpu_backend());
  if (testing::Test::HasFatalFailure()) return;
  check_frozen(c);
}

/// Runs f, which must throw an Error whose message holds every one of `parts`.
inline void expect_error(const std::function<void()>& f, const std::vector<std::string>& parts) {
  try {
    f();
  } catch (const Error& error) {
    for (const std::string& part : parts)
      EXPECT_NE(std::string(error.what()).find(part), std::string::npos)
          << "'" << part << "' is not in: " << error.what();
    return;
  }
  FAIL() << "no Error was thrown";
}

}  // namespace t2ue::testing_ops

// Checks one op from all sides: against a plain float64 reference and its finite differences, on every
// backend and in every precision, planned, captured and eager, run again, with several numbers of threads,
// accumulating, and frozen.
#pragma once

#include <omp.h>

#include <bit>

#include <t2ue/core/plan.hpp>

#include "ops/case.hpp"
#include "tolerance.hpp"

namespace t2ue::testing_ops {

struct Result {
  std::vector<std::vector<float>> outputs, states, gradients;  // gradients: empty for inputs not trained
};

/// Fixed random weights that bf16 holds exactly.
inline std::vector<float> projection(int64_t count, size_t output) {
  std::vector<float> values = random_values(count, 900 + output);
  for (float& value : values) value = static_cast<float>(bf16(value));
  return values;
}

/// The sum of all outputs times fixed random weights; it has one element.
inline Var project(Graph& graph, const Vars& outputs) {
  Var loss;
  for (size_t i = 0; i < outputs.size(); ++i) {
    const int64_t count = outputs[i].shape().elements();
    const Var weights =
        graph.input(tensor_of(projection(count, i), {1, count}, outputs[i].dtype(), graph.device()));
    const Var part = cast(linear(outputs[i].reshape({count}), weights), DType::f32);
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

/// A case's inputs on a device, as the graph wants them.
class DeviceInputs {
 public:
  DeviceInputs(const Case& c, const Target& target) : case_(c) {
    parameters_.reserve(c.inputs.size());
    for (const Input& input : c.inputs) {
      const DType type = input.type_in(target.precision);
      tensors_.push_back(on_device(input.tensor, type, target.device));
      Parameter parameter(input.tensor.shape(), Init::zeros());
      if (input.kind == Kind::parameter) {
        parameter.name = input.name;
        parameter.value = on_device(input.tensor, DType::f32, target.device);
        parameter.grad = Tensor(input.tensor.shape(), DType::f32, target.device);
        if (type == DType::bf16) parameter.shadow = tensors_.back();
      }
      parameters_.push_back(parameter);
    }
  }
  /// only_trained: the only input with a gradient, or -1 for all trained ones.
  Vars record(Graph& graph, int only_trained) {
    Vars vars;
    for (size_t i = 0; i < tensors_.size(); ++i) {
      const bool trained =
          case_.inputs[i].trained && (only_trained < 0 || only_trained == static_cast<int>(i));
      parameters_[i].trained = true;
      if (case_.inputs[i].kind != Kind::parameter) {
        vars.push_back(graph.input(tensors_[i], trained));
      } else if (trained) {
        vars.push_back(graph.parameter(parameters_[i]));
      } else {
        const NoGrad frozen(graph);
        vars.push_back(graph.parameter(parameters_[i]));
      }
    }
    return vars;
  }
  /// Puts back what the op has updated.
  void restore() {
    for (size_t i = 0; i < tensors_.size(); ++i)
      if (case_.inputs[i].state) tensors_[i].assign(case_.inputs[i].tensor.to_vector<float>());
  }
  const Tensor& tensor(size_t i) const { return tensors_[i]; }

 private:
  const Case& case_;
  std::vector<Tensor> tensors_;
  std::vector<Parameter> parameters_;
};

/// Records, differentiates and runs a case.
inline Result run(const Case& c, const Target& target, const RunOptions& options = {}) {
  DeviceInputs inputs(c, target);
  Graph graph(*target.backend, target.device, options.execution, false, target.precision);
  const Vars vars = inputs.record(graph, options.only_trained);
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
      inputs.restore();
      for (const Tensor& tensor : output_tensors) poison(tensor);
      for (const Tensor& tensor : gradient_tensors)
        if (tensor) poison(tensor);
      plan.run();
    }
  }
  Result result;
  for (const Tensor& tensor : output_tensors) result.outputs.push_back(tensor.to_floats());
  for (const Tensor& tensor : gradient_tensors)
    result.gradients.push_back(tensor ? tensor.to_floats() : std::vector<float>{});
  for (size_t i = 0; i < c.inputs.size(); ++i)
    if (c.inputs[i].state) result.states.push_back(inputs.tensor(i).to_floats());
  return result;
}

inline void expect_near(const std::vector<float>& actual, const Doubles& expected, double tolerance,
                        const std::string& what) {
  ASSERT_EQ(actual.size(), expected.size()) << what;
  for (size_t i = 0; i < actual.size(); ++i)
    ASSERT_NEAR(static_cast<double>(actual[i]), expected[i], tolerance) << what << ", element " << i;
}
inline void expect_near(const std::vector<float>& actual, const Doubles& expected, const Case& c,
                        Precision precision, const std::string& what) {
  const double tolerance = precision == Precision::bf16
                               ? testing_tolerance::bf16(c.reduction, expected, c.terms)
                               : testing_tolerance::fp32(c.reduction, expected, c.terms);
  expect_near(actual, expected, tolerance, what);
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
/// With `skip_kinks`, elements where the slopes to the left and to the right differ are left out: rounding
/// the inputs may have moved them there.
inline Differences finite_differences(const Case& c, size_t input, size_t recorded, bool skip_kinks,
                                      size_t probes = 32) {
  const auto& function = c.gradient_of ? c.gradient_of : c.reference;
  Arrays x = to_doubles(c.inputs);
  const double here = project(function(x), recorded);
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
    const double slope = (above - below) / (2 * step), bend = (above - 2 * here + below) / step;
    if (skip_kinks && std::abs(bend) > 0.02 * std::max(1.0, std::abs(slope))) continue;
    found.elements.push_back(at(place));
    found.slopes.push_back(slope);
  }
  return found;
}

/// What a case must give in one precision.
struct Expected {
  Case rounded;
  Arrays results;
  size_t outputs = 0;
  std::vector<Differences> differences;

  Expected(const Case& c, Precision precision)
      : rounded(in_precision(c, precision)),
        results(c.reference(to_doubles(rounded.inputs))),
        outputs(results.size()),
        differences(c.inputs.size()) {
    bool any_rounded = false;
    for (const Input& input : c.inputs) {
      if (input.state) --outputs;
      any_rounded |= input.type_in(precision) == DType::bf16;
    }
    for (size_t i = 0; i < c.inputs.size(); ++i)
      if (c.inputs[i].trained) differences[i] = finite_differences(rounded, i, outputs, any_rounded);
  }
};

inline void expect_gradients(const Expected& e, const Result& result, double factor, Precision precision,
                             const std::string& what) {
  const Case& c = e.rounded;
  for (size_t i = 0; i < c.inputs.size(); ++i) {
    if (result.gradients[i].empty()) continue;
    for (const float value : result.gradients[i])
      ASSERT_TRUE(std::isfinite(value)) << what << " " << c.inputs[i].name;
    std::vector<float> probed;
    Doubles expected;
    for (size_t j = 0; j < e.differences[i].elements.size(); ++j) {
      probed.push_back(result.gradients[i][e.differences[i].elements[j]]);
      expected.push_back(factor * e.differences[i].slopes[j]);
    }
    expect_near(probed, expected, c, precision, what + ": gradient of " + c.inputs[i].name);
    if (testing::Test::HasFatalFailure()) return;
  }
}

inline void check_on(const Expected& e, const Target& target) {
  SCOPED_TRACE(target.name);
  const Case& c = e.rounded;
  const Precision precision = target.precision;
  const Result planned = run(c, target);
  for (size_t i = 0; i < planned.outputs.size(); ++i)
    ASSERT_NO_FATAL_FAILURE(
        expect_near(planned.outputs[i], e.results[i], c, precision, "output " + std::to_string(i)));
  for (size_t i = 0; i < planned.states.size(); ++i)
    ASSERT_NO_FATAL_FAILURE(expect_near(planned.states[i], e.results[e.outputs + i], c, precision, "state"));
  ASSERT_NO_FATAL_FAILURE(expect_gradients(e, planned, 1, precision, "planned"));

  ASSERT_NO_FATAL_FAILURE(
      expect_same_bits(planned, run(c, target, {.execution = Execution::eager}), "eager"));
  // Four runs: two launch by launch, one that is captured, one replay.
  const int replays = target.backend->capture ? 4 : 2;
  ASSERT_NO_FATAL_FAILURE(expect_same_bits(planned, run(c, target, {.replays = replays}), "run again"));
  if (target.backend == &cpu_reference_backend()) {
    const int threads = omp_get_max_threads();
    for (const int other : {1, 3}) {
      omp_set_num_threads(other);
      const Result again = run(c, target);
      omp_set_num_threads(threads);
      ASSERT_NO_FATAL_FAILURE(expect_same_bits(planned, again, std::to_string(other) + " threads"));
    }
  }
  if (planned.states.empty()) {
    ASSERT_NO_FATAL_FAILURE(expect_gradients(e, run(c, target, {.uses = 2}), 2, precision, "used twice"));
  }
  for (size_t i = 0; i < c.inputs.size(); ++i) {
    if (!c.inputs[i].trained) continue;
    const Result alone = run(c, target, {.only_trained = static_cast<int>(i)});
    ASSERT_NO_FATAL_FAILURE(expect_gradients(e, alone, 1, precision, "others frozen"));
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
  const Expected single_precision(c, Precision::fp32), half_precision(c, Precision::bf16);
  for (const Target& target : targets()) {
    check_on(target.precision == Precision::bf16 ? half_precision : single_precision, target);
    if (testing::Test::HasFatalFailure()) return;
  }
  check_frozen(c);
}

}  // namespace t2ue::testing_ops

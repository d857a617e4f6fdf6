// Modules against numbers from PyTorch (tests/reference). Parameters and inputs follow formula.py there.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <paths.hpp>
#include <t2ue/core/ops/ops.hpp>
#include <t2ue/core/plan.hpp>
#include <t2ue/models/module.hpp>

#include "tolerance.hpp"

namespace t2ue::testing_models {

/// The numbers of the tensor `name`.
class Formula {
 public:
  explicit Formula(const std::string& name) {
    for (const char c : name) hash_ = (hash_ ^ static_cast<uint8_t>(c)) * 0x01000193u;
  }
  uint32_t word(uint64_t i) const {
    uint32_t x = hash_ + static_cast<uint32_t>(i * 0x9E3779B1u);
    x = (x ^ (x >> 16)) * 0x85EBCA6Bu;
    x = (x ^ (x >> 13)) * 0xC2B2AE35u;
    return x ^ (x >> 16);
  }
  double uniform(uint64_t i) const { return static_cast<double>(word(i) >> 8) * 0x1p-23 - 1.0; }

 private:
  uint32_t hash_ = 0x811C9DC5u;
};

inline std::vector<float> uniform_values(const std::string& name, int64_t count, double centre = 0,
                                         double scale = 1) {
  const Formula formula(name);
  std::vector<float> values(static_cast<size_t>(count));
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<float>(centre + scale * formula.uniform(i));
  return values;
}
inline Tensor uniform_tensor(const std::string& name, const Shape& shape) {
  return Tensor::of(uniform_values(name, shape.elements()), shape);
}
inline Tensor integer_tensor(const std::string& name, const Shape& shape, uint32_t below) {
  const Formula formula(name);
  std::vector<int32_t> values;
  for (int64_t i = 0; i < shape.elements(); ++i)
    values.push_back(static_cast<int32_t>(formula.word(static_cast<uint64_t>(i)) % below));
  return Tensor::of(values, shape);
}

inline void fill(Parameter& parameter) {
  const std::string& name = parameter.name;
  double centre = 0, scale = 0.1;
  if (name.ends_with("_var"))
    centre = 1, scale = 0.5;
  else if (name.ends_with("_mean"))
    scale = 0.2;
  else if (name == "logit_scale")
    centre = 2, scale = 1;
  else if (parameter.shape.rank() == 1 && (name.ends_with("weight") || name.ends_with("gain")))
    centre = 1, scale = 0.25;
  else if (parameter.shape.rank() > 1)
    scale = std::sqrt(3.0 * static_cast<double>(parameter.shape[0]) /
                      static_cast<double>(parameter.shape.elements()));
  parameter.value.assign(uniform_values(name, parameter.shape.elements(), centre, scale));
}

using Digest = std::array<double, 2>;
inline Digest digest(const std::string& name, const Tensor& tensor) {
  const Formula probe(name + "#probe");
  double squares = 0, projection = 0;
  const std::vector<float> values = tensor.to_vector<float>();
  for (size_t i = 0; i < values.size(); ++i) {
    const auto value = static_cast<double>(values[i]);
    squares += value * value;
    projection += value * probe.uniform(i);
  }
  return {std::sqrt(squares), projection};
}

/// A sum over thousands of terms, through a dozen layers: what is allowed for errors relative to the norm.
inline constexpr int64_t depth = 4096;

/// `scale`: the size of the terms that may cancel; `fp32_error`: how far PyTorch's own fp32 is off.
inline void expect_digest(const std::string& name, const Tensor& tensor, const nlohmann::json& expected,
                          double scale, double fp32_error) {
  const auto [norm, projection] = digest(name, tensor);
  const std::vector<double> want = expected.get<std::vector<double>>();
  const double tolerance = testing_tolerance::fp32(depth, want, scale) +
                           4 * fp32_error * std::max(testing_tolerance::largest(want), scale);
  EXPECT_NEAR(norm, want[0], tolerance) << name << ": norm";
  EXPECT_NEAR(projection, want[1], tolerance) << name << ": projection";
}

inline void expect_output(const Tensor& tensor, const nlohmann::json& expected, double fp32_error = 0) {
  const std::vector<double> want = expected["values"].get<std::vector<double>>();
  const std::vector<float> values = tensor.to_vector<float>();
  const double tolerance =
      testing_tolerance::fp32(depth, want) + 4 * fp32_error * testing_tolerance::largest(want);
  const auto every = expected["every"].get<size_t>();
  ASSERT_EQ(want.size(), (values.size() + every - 1) / every);
  for (size_t i = 0; i < want.size(); ++i)
    EXPECT_NEAR(values[i * every], want[i], tolerance) << "element " << i * every;
  expect_digest("output", tensor, expected["digest"], 0, fp32_error);
}

/// Named inputs of a module; gradients are asked for the floating-point ones.
using Inputs = std::map<std::string, Tensor>;

/// The inputs as a graph's, in the order of their names.
inline std::vector<Var> record_inputs(Graph& g, const Inputs& inputs, bool gradients) {
  std::vector<Var> all;
  for (const auto& [name, tensor] : inputs)
    all.push_back(g.input(tensor, gradients && tensor.dtype() == DType::f32));
  return all;
}

/// Compares a backward, of training or with frozen statistics, with what is recorded of it: output, every
/// gradient, every running statistic.
template <class Record>
void check_backward(const nlohmann::json& reference, bool frozen, const ParameterSet& parameters,
                    const Inputs& inputs, Record&& record) {
  const double fp32_error = reference.value("fp32_error", 0.0);
  Tensor output;
  std::map<std::string, Tensor> gradients;
  Step step([&](Graph& g) {
    std::optional<EvalMode> mode;
    if (frozen) mode.emplace(g);
    const std::vector<Var> in = record_inputs(g, inputs, true);
    const Var y = record(in);
    const Shape row{1, y.shape().elements()};
    g.backward(linear(y.reshape(row), g.input(uniform_tensor("output#probe", row))).reshape({1}));
    output = g.output(y);
    size_t i = 0;
    for (const auto& [name, tensor] : inputs) {
      if (tensor.dtype() == DType::f32) gradients[name] = g.gradient(in[i]);
      ++i;
    }
  });
  step.run();
  expect_output(output, reference["output"], fp32_error);
  if (reference.contains("gradients")) {
    const nlohmann::json& expected = reference["gradients"];
    for (const Parameter* parameter : parameters.trained()) gradients[parameter->name] = parameter->grad;
    EXPECT_EQ(gradients.size(), expected.size());
    // Gradients that are zero in exact arithmetic, such as a bias before a batch norm, have rounding of the
    // size of those beside them.
    std::vector<double> norms;
    for (const auto& [name, values] : expected.items()) norms.push_back(values[0]);
    std::nth_element(norms.begin(), norms.begin() + static_cast<int64_t>(norms.size() / 2), norms.end());
    for (const auto& [name, gradient] : gradients) {
      ASSERT_TRUE(expected.contains(name)) << name;
      expect_digest(name, gradient, expected[name], norms[norms.size() / 2], fp32_error);
    }
  }
  for (const auto& [name, values] : reference["buffers"].items()) {
    const auto is = [&name = name](const Parameter* p) { return p->name == name; };
    const auto found = std::find_if(parameters.all().begin(), parameters.all().end(), is);
    ASSERT_NE(found, parameters.all().end()) << name;
    expect_digest(name, (*found)->value, values, 0, fp32_error);
  }
}

/// Compares `module` with tests/reference/<file>.json: evaluation and training outputs, every gradient and
/// every running statistic. `record` calls it on the graph's inputs, in the order of their names.
template <class Module, class Record>
void check_module(const std::string& file, Module& module, const Inputs& inputs, Record&& record) {
  std::ifstream stream(testing_paths::reference_path(file + ".json"));
  ASSERT_TRUE(stream) << file;
  const nlohmann::json reference = nlohmann::json::parse(stream);
  for_each_parameter(module, [](const std::string&, Parameter& parameter) {
    parameter.init = Init::zeros();  // they are filled below; drawing millions of numbers takes seconds
  });
  ParameterSet parameters(module, 1);
  for (Parameter* parameter : parameters.all()) fill(*parameter);

  Tensor output;
  Step evaluation([&](Graph& g) {
    const EvalMode mode(g);
    output = g.output(record(record_inputs(g, inputs, false)));
  });
  evaluation.run();
  {
    SCOPED_TRACE(file + ", evaluation");
    expect_output(output, reference["eval"]);
  }
  if (reference.contains("frozen")) {
    SCOPED_TRACE(file + ", frozen statistics");
    check_backward(reference["frozen"], true, parameters, inputs, record);
  }
  SCOPED_TRACE(file + ", training");
  check_backward(reference["train"], false, parameters, inputs, record);
}

}  // namespace t2ue::testing_models

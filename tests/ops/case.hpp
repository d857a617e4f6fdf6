// What an op's test is made of: inputs, a float64 reference, and where it runs.
#pragma once

#include <gtest/gtest.h>
#if defined(__GLIBC__)
#include <malloc.h>
#endif

#include <cstdlib>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include <emulation/backend.hpp>
#include <errors.hpp>
#include <t2ue/core/ops/ops.hpp>
#include <t2ue/core/rng.hpp>

namespace t2ue::testing_ops {

using Doubles = std::vector<double>;
using Arrays = std::vector<Doubles>;
using Vars = std::vector<Var>;
using testing_errors::expect_error;

/// By which rule an input has its type in bf16: activations are bf16; parameters are what Graph::parameter
/// makes of them (vectors f32, the rest bf16 shadows, gradients f32); data and statistics stay as they are.
enum class Kind : uint8_t { activation, parameter, as_it_is };

/// What is fed to the op; the tensor is on the CPU, in f32 or integers. `trained`: its gradient is checked.
/// `state`: the op updates it in place.
struct Input {
  std::string name;
  Tensor tensor;
  bool trained = true, state = false;
  Kind kind = Kind::activation;

  /// The type it has in steps of that precision.
  DType type_in(Precision precision) const {
    const bool rounded =
        precision == Precision::bf16 && tensor.dtype() == DType::f32 && !state &&
        (kind == Kind::activation || (kind == Kind::parameter && tensor.shape().rank() >= 2));
    return rounded ? DType::bf16 : tensor.dtype();
  }
};
inline Input parameter(const std::string& name, const Tensor& tensor) {
  return {name, tensor, true, false, Kind::parameter};
}
/// f32 in every precision.
inline Input single(const std::string& name, const Tensor& tensor, bool trained = true, bool state = false) {
  return {name, tensor, trained, state, Kind::as_it_is};
}

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

/// A backend and the precision to run it in.
struct Target {
  std::string name;
  const Backend* backend;
  Device device;
  Precision precision = Precision::fp32;

  Stream stream() const { return backend->stream(device); }
};

/// Both CPU backends, the emulated one, and a GPU where there is one; or those of them whose name begins with
/// $T2UE_TEST_ON.
inline std::vector<Target> targets() {
  std::vector<Target> all{{"cpu reference", &cpu_reference_backend(), {}}};
  if (&cpu_backend() != &cpu_reference_backend()) all.push_back({"cpu", &cpu_backend(), {}});
  std::vector<Device> devices{emulation::device()};
  if (const Device gpu = parse_device("auto"); gpu.kind == DeviceKind::cuda) devices.push_back(gpu);
  for (const Device& device : devices)
    for (const Precision precision : {Precision::fp32, Precision::bf16}) {
      const Backend& backend = backend_of(device);
      all.push_back({concat(backend.kernels.name, " ", name_of(precision)), &backend, device, precision});
    }
  if (const char* only = std::getenv("T2UE_TEST_ON")) {
    std::erase_if(all, [&](const Target& target) { return !target.name.starts_with(only); });
    check(!all.empty(), "targets", "T2UE_TEST_ON is '", only, "': there is no such backend here");
  }
  return all;
}
inline std::vector<Target> fp32_targets() {
  std::vector<Target> all = targets();
  std::erase_if(all, [](const Target& target) { return target.precision != Precision::fp32; });
  return all;
}

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

/// f32 values as a tensor of `type`, f32 or bf16.
inline Tensor tensor_of(const std::vector<float>& values, const Shape& shape, DType type,
                        Device device = {}) {
  if (type == DType::f32) return Tensor::of(values, shape, device);
  std::vector<bf16> narrow;
  for (const float value : values) narrow.emplace_back(value);
  return Tensor::of(narrow, shape, device);
}
inline Tensor on_device(const Tensor& tensor, DType type, Device device) {
  if (tensor.dtype() == DType::u8) return Tensor::of(tensor.to_vector<uint8_t>(), tensor.shape(), device);
  if (tensor.dtype() == DType::i32) return Tensor::of(tensor.to_vector<int32_t>(), tensor.shape(), device);
  return tensor_of(tensor.to_floats(), tensor.shape(), type, device);
}

inline Doubles to_doubles(const Tensor& tensor) {
  const auto widen = [](const auto& values) { return Doubles(values.begin(), values.end()); };
  if (tensor.dtype() == DType::u8) return widen(tensor.to_vector<uint8_t>());
  if (tensor.dtype() == DType::i32) return widen(tensor.to_vector<int32_t>());
  return widen(tensor.to_floats());
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
  constexpr float nan = std::numeric_limits<float>::quiet_NaN();
  if (tensor.dtype() == DType::bf16)
    tensor.assign(std::vector<bf16>(at(tensor.shape().elements()), bf16(nan)));
  else
    tensor.assign(std::vector<float>(at(tensor.shape().elements()), nan));
}

/// The case with the inputs that steps of that precision have.
inline Case in_precision(const Case& c, Precision precision) {
  Case rounded = c;
  for (Input& input : rounded.inputs)
    if (const DType type = input.type_in(precision); type == DType::bf16)
      input.tensor = on_device(on_device(input.tensor, type, {}), DType::f32, {});
  return rounded;
}

}  // namespace t2ue::testing_ops

#pragma once

#include <t2ue/models/module.hpp>

namespace t2ue {

T2UE_INLINE void ParameterSet::initialise(uint64_t seed) {
  for (Parameter* parameter : all_) {
    const Init init = parameter->init;
    std::vector<float> numbers(static_cast<size_t>(parameter->shape.elements()), init.scale);
    if (init.kind != Init::Kind::constant) {
      Random random(seed, Purpose::init, name_item(parameter->name));
      for (float& x : numbers)
        x = init.kind == Init::Kind::normal ? init.scale * random.normal()
                                            : random.uniform(-init.scale, init.scale);
    }
    parameter->value.assign(numbers);
  }
  refresh_shadows();
}

T2UE_INLINE void ParameterSet::refresh_shadows() {
  if (!shadows_) return;
  const Backend& backend = backend_of(device_);
  CastArgs args{.x = values_.view(), .y = {}};
  static_cast<View&>(args.y) = shadows_.view();
  LaunchOf<CastArgs>(args).run(backend.kernels, backend.stream(device_));
}

T2UE_INLINE void ParameterSet::copy_from(const ParameterSet& from, const std::set<const Parameter*>& but) {
  std::map<std::string_view, const Parameter*> theirs;
  for (const Parameter* parameter : from.all_) theirs[parameter->name] = parameter;
  for (Parameter* parameter : all_) {
    if (but.contains(parameter)) continue;
    const auto found = theirs.find(parameter->name);
    check(found != theirs.end() && found->second->shape == parameter->shape, "parameters", "'",
          parameter->name, "' ", parameter->shape, " is to be copied, but ",
          found == theirs.end() ? std::string("there is none") : concat("it is ", found->second->shape));
    parameter->value.assign(found->second->value.to_vector<float>());
  }
  refresh_shadows();
}

T2UE_INLINE int64_t ParameterSet::count() const {
  int64_t sum = 0;
  for (const Parameter* parameter : trained_) sum += parameter->shape.elements();
  return sum;
}

T2UE_INLINE std::string ParameterSet::sha256() const {
  Sha256 hash;
  for (const Parameter* parameter : all_) {
    hash.update(concat(parameter->name, ' ', parameter->shape, '\n'));
    const std::vector<float> values = parameter->value.to_vector<float>();
    hash.update(values.data(), values.size() * sizeof(float));
  }
  return hash.hex();
}

T2UE_INLINE int64_t ParameterSet::extent(const Parameter& parameter, Precision precision) {
  const int64_t elements =
      parameter.is_padded(precision) ? parameter.padded_shape.elements() : parameter.shape.elements();
  return (elements + 15) / 16 * 16;
}

T2UE_INLINE uint64_t ParameterSet::name_item(const std::string& name) {
  return std::stoull(sha256_hex(name).substr(0, 15), nullptr, 16);
}

T2UE_INLINE void ParameterSet::lay_out(Precision precision, ParameterUse use) {
  int64_t trained = 0, buffers = 0;
  for (Parameter* parameter : all_) {
    if (parameter->trained) {
      trained_.push_back(parameter);
      offsets_.push_back(static_cast<int32_t>(trained));
      trained += extent(*parameter, precision);
    } else {
      buffers += extent(*parameter, precision);
    }
  }
  check(trained < (int64_t{1} << 31), "parameters", trained,
        " parameters do not fit the 32-bit offsets of one arena");
  offsets_.push_back(static_cast<int32_t>(trained));
  values_ = Tensor::zeros({trained}, DType::f32, device_);
  if (use == ParameterUse::training) grads_ = Tensor::zeros({trained}, DType::f32, device_);
  if (precision == Precision::bf16) shadows_ = Tensor::zeros({trained}, DType::bf16, device_);
  buffers_ = Tensor::zeros({buffers}, DType::f32, device_);
  int64_t buffer = 0;
  size_t next = 0;
  for (Parameter* parameter : all_) {
    const auto place = [&](const Tensor& arena, int64_t offset, Tensor& tensor, Tensor& padded) {
      if (!arena) return;
      tensor = arena.slice(offset, parameter->shape);
      if (parameter->is_padded(precision)) padded = arena.slice(offset, parameter->padded_shape);
    };
    if (parameter->trained) {
      place(values_, offsets_[next], parameter->value, parameter->padded.value);
      place(grads_, offsets_[next], parameter->grad, parameter->padded.grad);
      place(shadows_, offsets_[next], parameter->shadow, parameter->padded.shadow);
      ++next;
    } else {
      place(buffers_, buffer, parameter->value, parameter->padded.value);
      buffer += extent(*parameter, precision);
    }
  }
}

}  // namespace t2ue

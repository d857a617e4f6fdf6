#pragma once

#include <array>
#include <list>

#include <t2ue/models/weights/clip_export.hpp>

namespace t2ue {

namespace detail {

/// The counter beside a normalisation's running variance; "" for any other parameter.
inline std::string batch_counter(const std::string& name) {
  constexpr std::string_view variance = "running_var";
  return name.ends_with(variance) ? name.substr(0, name.size() - variance.size()) + "num_batches_tracked"
                                  : "";
}

}  // namespace detail

T2UE_INLINE std::map<std::string, StateTensor> open_clip_state(Clip& model) {
  check(!model.config.resnet, "clip weights", "open_clip has no image tower like that of ",
        model.config.name);
  std::map<std::string, StateTensor> state;
  for_each_parameter(model, [&](const std::string& name, const Parameter& parameter) {
    const ForeignWeight weight = foreign_weight(name, parameter.shape, ClipNames::open_clip);
    for (const std::string& part : weight.names) state[part] = {SafetensorsType::F32, weight.shape};
    if (const std::string counter = detail::batch_counter(name); !counter.empty())
      state[counter] = {SafetensorsType::I64, {}};
  });
  return state;
}

T2UE_INLINE void export_clip(const std::filesystem::path& path, Clip& model, const ParameterSet& parameters,
                             ClipNames names) {
  std::map<std::string, StateTensor> state;
  if (names == ClipNames::open_clip) state = open_clip_state(model);
  constexpr std::array<int64_t, 1> no_batches{0};
  SafetensorsWriter writer;
  std::list<std::vector<float>> kept;  // the writer takes no copies
  for (const Parameter* parameter : parameters.all()) {
    const ForeignWeight weight = foreign_weight(parameter->name, parameter->shape, names);
    const std::vector<float> values = parameter->value.to_vector<float>();
    const auto count = static_cast<size_t>(weight.elements());
    for (size_t part = 0; part < weight.names.size(); ++part) {
      kept.emplace_back(count);
      to_foreign(weight, std::span(values).subspan(part * count, count), kept.back());
      writer.add<float>(weight.names[part], weight.shape, kept.back());
    }
  }
  for (const auto& [name, tensor] : state)
    if (tensor.dtype == SafetensorsType::I64) writer.add<int64_t>(name, tensor.shape, no_batches);
  writer.save(path, {{"format", "pt"}});
}

}  // namespace t2ue

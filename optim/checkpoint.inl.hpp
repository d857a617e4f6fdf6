#pragma once

#include <nlohmann/json.hpp>

#include <t2ue/optim/checkpoint.hpp>

namespace t2ue {

T2UE_INLINE void CheckpointWriter::add(const std::string& prefix, const ParameterSet& parameters) {
  for (const Parameter* parameter : parameters.all()) {
    Entry entry{{}, parameter->value.to_vector<float>()};
    for (int i = 0; i < parameter->shape.rank(); ++i) entry.shape.push_back(parameter->shape[i]);
    entries_[prefix + parameter->name] = std::move(entry);
  }
}

T2UE_INLINE void CheckpointWriter::add(const std::string& prefix, const Optimizer& optimizer) {
  const auto flat = [](const Tensor& tensor) {
    return Entry{{tensor.shape()[0]}, tensor.to_vector<float>()};
  };
  entries_[prefix + ".first"] = flat(optimizer.first());
  if (optimizer.second()) entries_[prefix + ".second"] = flat(optimizer.second());
  entries_[prefix + ".steps"] = {{1}, {static_cast<float>(optimizer.steps())}};
}

T2UE_INLINE void CheckpointWriter::save(const std::filesystem::path& path, const std::string& kind,
                                        const nlohmann::json& state) {
  SafetensorsWriter writer;
  for (const auto& [name, entry] : entries_)
    writer.add<float>(name, entry.shape, std::span<const float>(entry.values));
  writer.save(path, {{"format", "t2ue"}, {"kind", kind}, {"state", state.dump()}});
}

T2UE_INLINE CheckpointReader::CheckpointReader(const std::filesystem::path& path, const std::string& kind)
    : path_(path.string()), file_(path) {
  const auto& metadata = file_.metadata();
  const auto text = [&](const char* key) {
    const auto found = metadata.find(key);
    return found == metadata.end() ? std::string() : found->second;
  };
  check(text("format") == "t2ue", "checkpoint", path_, " was not written by t2ue");
  check(text("kind") == kind, "checkpoint", path_, " holds a ", text("kind"), ", not a ", kind);
  state_ = text("state");
}

T2UE_INLINE std::vector<float> CheckpointReader::floats(const std::string& name, int64_t count) const {
  const SafetensorsView& view = file_.at(name);
  std::vector<float> values = to_floats(view);
  check(static_cast<int64_t>(values.size()) == count, "checkpoint", path_, ": '", name, "' has ",
        values.size(), " elements, the model needs ", count);
  return values;
}

T2UE_INLINE void CheckpointReader::restore(const std::string& prefix, ParameterSet& parameters) const {
  for (Parameter* parameter : parameters.all()) {
    const std::string name = prefix + parameter->name;
    std::vector<int64_t> shape;
    for (int i = 0; i < parameter->shape.rank(); ++i) shape.push_back(parameter->shape[i]);
    check(file_.at(name).shape == shape, "checkpoint", path_, ": '", name,
          "' does not have the model's shape ", parameter->shape);
    parameter->value.assign(floats(name, parameter->shape.elements()));
  }
  parameters.refresh_shadows();
}

T2UE_INLINE void CheckpointReader::restore(const std::string& prefix, Optimizer& optimizer) const {
  const int64_t count = optimizer.first().shape().elements();
  std::vector<float> second;
  if (optimizer.second()) second = floats(prefix + ".second", count);
  optimizer.restore(static_cast<int64_t>(floats(prefix + ".steps", 1)[0]), floats(prefix + ".first", count),
                    second);
}

}  // namespace t2ue

// A module, an optimiser and the loop's state in one safetensors file, replaced atomically: killed at any
// moment, what is on disk is whole.
#pragma once

#include <filesystem>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include <t2ue/core/config.hpp>
#include <t2ue/core/safetensors.hpp>
#include <t2ue/models/module.hpp>
#include <t2ue/optim/optimizer.hpp>

namespace t2ue {

/// Collects named tensors and a JSON state, and writes them.
class CheckpointWriter {
 public:
  /// Adds every parameter and buffer as "prefix" + its name.
  void add(const std::string& prefix, const ParameterSet& parameters);
  /// Adds the moments as "prefix.first" and "prefix.second", and the count.
  void add(const std::string& prefix, const Optimizer& optimizer);
  /// Adds one tensor.
  void add(const std::string& name, const std::vector<int64_t>& shape, const std::vector<float>& values) {
    entries_[name] = {shape, values};
  }
  /// `state` is kept under "state" in the file's metadata, `kind` says what the file is.
  void save(const std::filesystem::path& path, const std::string& kind, const nlohmann::json& state);

 private:
  struct Entry {
    std::vector<int64_t> shape;
    std::vector<float> values;
  };
  std::map<std::string, Entry> entries_;
};

/// Reads what a CheckpointWriter wrote. Errors name the file and the tensor that is missing or has another
/// shape.
class CheckpointReader {
 public:
  /// Error unless the file is a t2ue file of this kind.
  CheckpointReader(const std::filesystem::path& path, const std::string& kind);
  const std::string& state() const { return state_; }  ///< JSON text
  void restore(const std::string& prefix, ParameterSet& parameters) const;
  void restore(const std::string& prefix, Optimizer& optimizer) const;
  /// A tensor of `count` numbers.
  std::vector<float> floats(const std::string& name, int64_t count) const;

 private:
  std::string path_, state_;
  SafetensorsFile file_;
};

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/optim/checkpoint.inl.hpp>
#endif

// What rows that train a model share: naming it in a plan, and training it once for all processes.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>

#include <t2ue/core/atomic_file.hpp>
#include <t2ue/core/json_reader.hpp>
#include <t2ue/eval/bench/store.hpp>

namespace t2ue {

namespace detail {
/// A model by name or as a table; as it is where the key is absent.
template <class Config, class Named, class FromJson>
void model_option(JsonReader& reader, const std::string& key, Config& config, const Named& named,
                  const FromJson& from_json) {
  if (!reader.has(key)) return;
  const nlohmann::json value = reader.get<nlohmann::json>(key);
  config = value.is_string() ? named(value.get<std::string>()) : from_json(value, key);
}
}  // namespace detail

/// A file that took training, and how long that took.
struct TrainedFile {
  std::filesystem::path path;
  double seconds = 0;
};

/// models/NAME.safetensors of the store: written by `train` unless it is there. Other processes that want it
/// wait. `name` has a hash of all that decides the contents.
inline TrainedFile trained_once(const BenchStore& store, const std::string& name,
                                const std::function<void(const std::filesystem::path&)>& train) {
  const auto folder = store.folder() / "models";
  const auto file = folder / (name + ".safetensors"), seconds_file = folder / (name + ".seconds.json");
  const Claim claim = store.claim(name);
  if (!std::filesystem::exists(seconds_file)) {
    std::filesystem::create_directories(folder);
    const auto started = std::chrono::steady_clock::now();
    train(file);
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
    write_file(seconds_file, nlohmann::json(seconds).dump());
  }
  return {file, parse_json(read_text(seconds_file), seconds_file.string()).get<double>()};
}

}  // namespace t2ue

// Training a method once for all processes that want its file, and going on after a killed one.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>

#include <nlohmann/json.hpp>

#include <t2ue/core/atomic_file.hpp>
#include <t2ue/core/file_lock.hpp>
#include <t2ue/core/folders.hpp>
#include <t2ue/core/json_reader.hpp>
#include <t2ue/methods/train_context.hpp>
#include <t2ue/training/training_run.hpp>

namespace t2ue {

namespace detail {

/// Where the training of `file` keeps the state of its part of that name.
inline std::filesystem::path checkpoint_of(const std::filesystem::path& file, const std::string& part) {
  return file.string() + "." + part + ".checkpoint";
}

/// Calls advance() until `trainer` is done. Its state goes to `checkpoint` every checkpoint_seconds, with
/// `keep` also at the end, and is taken from there if it is there. Returns the seconds that earlier runs
/// spent.
template <class Trainer, class Advance>
double train_on(Trainer& trainer, const std::filesystem::path& checkpoint, bool keep,
                const TrainContext& context, const Advance& advance) {
  using Clock = std::chrono::steady_clock;
  double earlier = 0;
  if (std::filesystem::exists(checkpoint))
    earlier = trainer.resume(checkpoint).at("seconds").template get<double>();
  const auto begin = Clock::now();
  const auto since = [](Clock::time_point from) {
    return std::chrono::duration<double>(Clock::now() - from).count();
  };
  const auto save = [&] { trainer.save(checkpoint, {{"seconds", earlier + since(begin)}}); };
  for (auto saved = begin; !trainer.done();) {
    advance();
    if (trainer.done() ? !keep : since(saved) < context.checkpoint_seconds) continue;
    save();
    saved = Clock::now();
  }
  return earlier;
}

/// A loop for the parts of what `file` is trained by: each with its checkpoint beside the file. `earlier`
/// gets the seconds that earlier runs spent.
inline TrainingLoop checkpointed_loop(const std::filesystem::path& file, const TrainContext& context,
                                      double& earlier) {
  return [&context, &earlier, file](TrainingRun& run) {
    earlier += train_on(run, checkpoint_of(file, run.part()), run.begins_another(), context, [&] {
      run.advance();
      if (context.progress) context.progress(run.label(), run.units(), run.total_units());
    });
  };
}

}  // namespace detail

/// models/NAME.safetensors of the context's folder: written by `train` unless it is there. Other processes
/// that want it wait. `name` has a hash of all that decides the contents. `train` returns the seconds that
/// killed runs spent on what it took over from them.
inline TrainedFile trained_once(const TrainContext& context, const std::string& name,
                                const std::function<double(const std::filesystem::path&)>& train) {
  const auto folder = context.folder / "models", locks = context.folder / "locks";
  const auto file = folder / (name + ".safetensors"), seconds_file = folder / (name + ".seconds.json");
  make_folder(locks);
  const FileLock lock(locks / name);
  if (!std::filesystem::exists(seconds_file)) {
    make_folder(folder);
    const auto started = std::chrono::steady_clock::now();
    const double earlier = train(file);
    const double now = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
    write_file(seconds_file, nlohmann::json(earlier + now).dump());
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      const std::string other = entry.path().filename().string();
      if (other.starts_with(name) && other.ends_with(".checkpoint")) std::filesystem::remove(entry.path());
    }
  }
  return {file, parse_json(read_text(seconds_file), seconds_file.string()).get<double>()};
}

}  // namespace t2ue

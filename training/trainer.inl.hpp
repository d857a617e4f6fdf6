// Saving and resuming of Trainer; in compiled mode to be included for a model of one's own only.
#pragma once

#include <nlohmann/json.hpp>

#include <t2ue/training/trainer.hpp>

namespace t2ue {

template <class Model>
void Trainer<Model>::save(const std::filesystem::path& path) const {
  save(path, nlohmann::json());
}

template <class Model>
void Trainer<Model>::save(const std::filesystem::path& path, const nlohmann::json& extra) const {
  CheckpointWriter writer;
  writer.add("model.", parameters_);
  writer.add("optimizer", optimizer_);
  if (average_) writer.add("average", {average_->values().shape()[0]}, average_->values().to_floats());
  writer.save(path, "training", {{"steps", steps_}, {"recipe", to_json(recipe_)}, {"extra", extra}});
}
template <class Model>
nlohmann::json Trainer<Model>::resume(const std::filesystem::path& path) {
  const CheckpointReader reader(path, "training");
  const nlohmann::json state = with_present_names(nlohmann::json::parse(reader.state()));
  check(state.at("recipe") == to_json(recipe_), "resume", path,
        " was trained by another recipe: ", state.at("recipe").dump());
  reader.restore("model.", parameters_);
  reader.restore("optimizer", optimizer_);
  if (average_) average_->restore(reader.floats("average", average_->values().shape()[0]));
  steps_ = state.at("steps");
  return state.at("extra");
}

}  // namespace t2ue

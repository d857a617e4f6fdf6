#pragma once

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include <t2ue/core/json_reader.hpp>
#include <t2ue/models/configs.hpp>
#include <t2ue/optim/checkpoint.hpp>
#include <t2ue/optim/classifier_file.hpp>

namespace t2ue {

namespace detail {
inline void check_label_names(const std::vector<std::string>& names, int64_t outputs) {
  check(static_cast<int64_t>(names.size()) == outputs, "classifier", names.size(), " class names for ",
        outputs, " outputs");
  check(std::set<std::string>(names.begin(), names.end()).size() == names.size(), "classifier", "two of the ",
        names.size(), " classes have one name");
}

/// What a file's state says, without weights.
inline LoadedClassifier classifier_of_state(const nlohmann::json& state) {
  LoadedClassifier loaded;
  loaded.label_names = state.at("labels").get<std::vector<std::string>>();
  check(!loaded.label_names.empty(), "classifier", "no class is named");
  loaded.config = classifier_config_from_json(state.at("classifier"), state.at("name"));
  loaded.config.outputs = static_cast<int64_t>(loaded.label_names.size());
  check_label_names(loaded.label_names, loaded.config.outputs);
  loaded.training = state.at("training").dump();
  return loaded;
}
}  // namespace detail

T2UE_INLINE void save_classifier(const std::filesystem::path& path, const ClassifierConfig& config,
                                 const ParameterSet& parameters, const std::vector<std::string>& label_names,
                                 const nlohmann::json& training) {
  detail::check_label_names(label_names, config.outputs);
  CheckpointWriter writer;
  writer.add("", parameters);
  writer.save(path, "classifier",
              {{"classifier", to_json(config)},
               {"name", std::filesystem::path(config.name).stem().string()},
               {"labels", label_names},
               {"training", training}});
}

T2UE_INLINE LoadedClassifier load_classifier(const std::filesystem::path& path, Device device) {
  const CheckpointReader reader(path, "classifier");
  const nlohmann::json state = parse_json(reader.state(), path.string());
  LoadedClassifier loaded;
  try {
    loaded = detail::classifier_of_state(state);
  } catch (const std::exception& error) {  // of JSON, or an Error about a value
    fail("classifier", path, " is damaged: ", error.what());
  }
  loaded.model = std::make_unique<Classifier>(loaded.config);
  loaded.parameters = std::make_unique<ParameterSet>(*loaded.model, 0, device);
  reader.restore("", *loaded.parameters);
  return loaded;
}

T2UE_INLINE std::vector<int32_t> LoadedClassifier::outputs_of(std::span<const std::string> names) const {
  std::vector<int32_t> outputs;
  for (const std::string& name : names) {
    const auto found = std::find(label_names.begin(), label_names.end(), name);
    check(found != label_names.end(), "classifier", "the model does not know the class '", name, "'; it has ",
          label_names.size(), " classes, the first is '", label_names.front(), "'");
    outputs.push_back(static_cast<int32_t>(found - label_names.begin()));
  }
  return outputs;
}

}  // namespace t2ue

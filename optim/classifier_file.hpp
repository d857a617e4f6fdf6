// A trained classifier in one file: weights, configuration, names of the classes.
#pragma once

#include <filesystem>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <vector>

#include <t2ue/core/config.hpp>
#include <t2ue/models/classifiers/classifier.hpp>

namespace t2ue {

/// Writes a checkpoint of kind "classifier": the parameters under their names in the classifier; in the state
/// the configuration and its name without folder and ending, the classes in the order of the outputs, and
/// `training`, kept for the record. Error unless there is one name an output, all different.
void save_classifier(const std::filesystem::path& path, const ClassifierConfig& config,
                     const ParameterSet& parameters, const std::vector<std::string>& label_names,
                     const nlohmann::json& training);

/// What such a file holds.
struct LoadedClassifier {
  ClassifierConfig config;
  std::vector<std::string> label_names;  ///< in the order of the outputs
  std::unique_ptr<Classifier> model;
  std::unique_ptr<ParameterSet> parameters;
  std::string training;  ///< JSON text

  /// For every entry of `names` its output; a data set may know the same classes in another order, or only
  /// some of them. Error naming the class that the model does not know.
  std::vector<int32_t> outputs_of(std::span<const std::string> names) const;
};

/// Reads a file of save_classifier. Error naming it if it is another kind of file or is damaged.
LoadedClassifier load_classifier(const std::filesystem::path& path, Device device = {});

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/optim/classifier_file.inl.hpp>
#endif

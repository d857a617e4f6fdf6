// Measuring a model file's classification.
#pragma once

#include "evaluate.hpp"

namespace t2ue::apps {

/// Tells every picture's class by a classifier's highest output.
Result evaluate_classifier(const EvaluationFlags& flags, const Globals& globals);

/// The part of a data set that a classifier learns from or is measured on, its pictures `size` pixels wide.
/// Error if a picture has no class. Captions are read, and used for nothing.
LoadedData load_labelled(const std::string& path, const DatasetFlags& flags, int64_t size, bool skip_bad,
                         const std::string& otherwise, const Globals& globals);

}  // namespace t2ue::apps

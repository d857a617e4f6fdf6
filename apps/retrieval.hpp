// Measuring a model file's image-text retrieval.
#pragma once

#include "dataset_flags.hpp"

namespace t2ue::apps {

struct RetrievalOptions {
  std::string model, data, device = "auto";
  DatasetFlags dataset;
  uint64_t seed = 0;  ///< of the bootstrap intervals
  bool skip_bad = false;
};

/// Ranks all captions of a data set for every picture and back.
Result evaluate_retrieval(const RetrievalOptions& options, const Globals& globals);

}  // namespace t2ue::apps

// Measuring a model file's image-text retrieval.
#pragma once

#include <t2ue/eval/retrieval_protocol.hpp>

#include "evaluate.hpp"

namespace t2ue::apps {

struct RetrievalOptions : EvaluationFlags {
  RetrievalProtocol protocol = RetrievalProtocol::any_hit;
  CaptionChoice caption = CaptionChoice::first;  ///< drawn: by the bootstrap's seed
  std::string export_folder;                     ///< empty: nothing is exported
};

/// Ranks the captions that the protocol takes for every picture and back.
Result evaluate_retrieval(const RetrievalOptions& options, const Globals& globals);

}  // namespace t2ue::apps

// The pictures that a row's generator is trained on: those that it protects, or those set apart.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <t2ue/core/json_reader.hpp>
#include <t2ue/data/text/captions.hpp>
#include <t2ue/eval/bench/row_context.hpp>
#include <t2ue/models/configs.hpp>

namespace t2ue {

namespace detail {

/// The option "trained_on": "apart" instead of "train"?
inline bool trained_apart(JsonReader& reader, const std::string& where) {
  const auto part = reader.get<std::string>("trained_on", "train");
  check(part == "train" || part == "apart", where, "trained_on is train or apart, not '", part, "'");
  return part == "apart";
}

/// Decides what depends on those pictures.
inline const std::string& training_hash(const BenchData& data, bool apart) {
  return apart ? data.apart_hash() : data.train_hash();
}

struct TrainingPart {
  Tokenizer tokenizer;
  PairDataset pictures;                  ///< with their tokens
  std::vector<std::string> noise_texts;  ///< what each picture's noise is made from
};

/// Tokens are for the text tower of `clip`.
inline TrainingPart training_part(const RowContext& context, bool apart, const ClipConfig& clip) {
  const BenchData& data = context.data;
  // Where the protected pictures are not to be seen, their captions teach no vocabulary either.
  TrainingPart part{apart ? vocabulary_of(data.apart().captions, clip.text.vocab_size)
                          : data.tokenizer(clip.text.vocab_size),
                    apart ? data.apart() : data.train(),
                    {}};
  tokenise_captions(part.pictures, part.tokenizer, static_cast<int>(clip.text.context_length));
  for (int64_t i = 0; i < part.pictures.count(); ++i)
    part.noise_texts.push_back(part.pictures.noise_text(i, context.plan.data.all_captions));
  return part;
}

}  // namespace detail

}  // namespace t2ue

// The pictures that a generator is trained on: those that it protects, or those set apart.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <t2ue/data/text/bpe.hpp>
#include <t2ue/data/text/captions.hpp>
#include <t2ue/methods/train_context.hpp>
#include <t2ue/models/configs.hpp>

namespace t2ue {

/// What each picture's noise is made from: PairDataset::noise_text() of all of them, in order.
inline std::vector<std::string> noise_texts(const PairDataset& pictures, bool all_captions) {
  std::vector<std::string> texts;
  for (int64_t i = 0; i < pictures.count(); ++i) texts.push_back(pictures.noise_text(i, all_captions));
  return texts;
}

namespace detail {

/// Decides what depends on those pictures.
inline const std::string& training_hash(const TrainContext& context, TrainedOn part) {
  return part == TrainedOn::apart ? context.apart_hash : context.pictures_hash;
}

struct TrainingPart {
  Tokenizer tokenizer;
  PairDataset pictures;                  ///< with their tokens
  std::vector<std::string> noise_texts;  ///< what each picture's noise is made from
};

/// Tokens are for the text tower of `clip`.
inline TrainingPart training_part(const TrainContext& context, TrainedOn trained_on, const ClipConfig& clip) {
  const bool apart = trained_on == TrainedOn::apart;
  // Where the protected pictures are not to be seen, their captions teach no vocabulary either.
  TrainingPart part{
      apart ? BytePairTokenizer::train(context.apart.captions, static_cast<int>(clip.text.vocab_size))
            : context.tokenizer(clip.text.vocab_size),
      apart ? context.apart : context.pictures,
      {}};
  tokenise_captions(part.pictures, part.tokenizer, static_cast<int>(clip.text.context_length));
  part.noise_texts = noise_texts(part.pictures, context.all_captions);
  return part;
}

}  // namespace detail

}  // namespace t2ue

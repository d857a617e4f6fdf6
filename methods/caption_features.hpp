// Captions as vectors: from a text tower, from a table, or from their words alone.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <t2ue/core/config.hpp>
#include <t2ue/training/caption_encoder.hpp>

namespace t2ue {

/// Anything that turns captions into rows of `width` numbers. A row must depend on its caption alone.
struct CaptionFeatures {
  std::string name;  ///< what they come from, for the card: "words", "a text tower"
  int64_t width = 0;
  std::function<std::vector<float>(std::span<const std::string>)> rows;
};

/// A text tower's features. The encoder computes one call at a time.
CaptionFeatures encoder_features(std::shared_ptr<CaptionEncoder> encoder);

/// Features that were computed elsewhere: row i of `matrix` (any width) is captions[i]'s. Throws Error if the
/// sizes do not fit, if a caption comes twice with different rows, and later for a caption that is not there.
CaptionFeatures table_features(std::span<const std::string> captions, std::span<const float> matrix);

/// No model at all: each word of a caption adds +-log(captions / captions with the word) at a place told,
/// with the sign, by the word's hash (Weinberger et al., "Feature Hashing", 2009). Words that none of
/// `captions` has count as those that one has. Throws Error without captions, or for a width
/// outside 1..65536.
CaptionFeatures word_features(std::span<const std::string> captions, int width);

/// The captions' features as rows of length 1: [count, features.width]. Throws Error naming the caption whose
/// features are not finite; a row of zeros stays as it is.
std::vector<double> unit_features(const CaptionFeatures& features, std::span<const std::string> captions);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/methods/caption_features.inl.hpp>
#endif

// A frozen text tower with its vocabulary: captions to text features.
#pragma once

#include <span>
#include <string>
#include <vector>

#include <t2ue/core/config.hpp>
#include <t2ue/data/text/tokenizer.hpp>
#include <t2ue/models/clip/text.hpp>
#include <t2ue/models/module.hpp>
#include <t2ue/training/text_pass.hpp>

namespace t2ue {

/// Error for an empty caption, invalid UTF-8, or one longer than 10,000 bytes.
void check_caption(const std::string& caption);

/// A text tower that only reads.
class CaptionEncoder {
 public:
  /// Error if the vocabulary has more tokens than the tower knows.
  CaptionEncoder(const TextConfig& config, Tokenizer tokenizer, Device device = {});
  CaptionEncoder(const CaptionEncoder&) = delete;
  CaptionEncoder& operator=(const CaptionEncoder&) = delete;

  /// Text features [N, embed_dim], not normalised. Of several captions (joined_captions(), a line each) their
  /// mean. A row does not depend on its neighbours. Error as from check_caption().
  std::vector<float> encode(std::span<const std::string> captions);

  const TextConfig& config() const { return config_; }
  const Tokenizer& tokenizer() const { return tokenizer_; }
  /// For loading weights into; named as in a CLIP.
  ParameterSet& parameters() { return parameters_; }

 private:
  TextConfig config_;
  Tokenizer tokenizer_;
  TextTower tower_;
  ParameterSet parameters_;
  TextPass pass_;
};

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/training/caption_encoder.inl.hpp>
#endif

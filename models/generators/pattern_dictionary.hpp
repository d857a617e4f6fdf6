// A generator that is a dictionary: a pattern a word, laid over each other.
#pragma once

#include <vector>

#include <t2ue/core/config.hpp>
#include <t2ue/models/generators/generator_noise.hpp>
#include <t2ue/models/layers.hpp>

namespace t2ue {

struct PatternDictionaryConfig {
  int64_t condition = 33;  ///< words, each with a pattern
  int64_t latent = 0;      ///< it draws nothing
  int64_t size = 8;        ///< side of a pattern
  Limiter limiter = Limiter::tanh_scale;
  float eps = 8.0f / 255.0f;              ///< in [0,1] pixel units
  Resampler resampler = Resampler::tile;  ///< from the patterns' size to the picture's

  int64_t output_size() const { return size; }
};

/// noise = eps * tanh(sum of the words' patterns, each times the word's weight). Linear in the words before
/// the tanh, so that a caption which it was not trained on gets what its words got in others. Has the members
/// of SsaGenerator that BiLevelTrainer uses; latents are not read.
struct PatternDictionary {
  using Config = PatternDictionaryConfig;
  Config config;
  Parameter patterns;  ///< [S*S*3, condition]

  explicit PatternDictionary(const Config& c);

  /// What the tanh is taken of, [B,S,S,3]. weights [B,condition].
  Var operator()(const Var& weights, const Var&);
  /// The perturbation in [0,1] pixel units, |noise| <= eps, at the patterns' size.
  Var noise(const Var& weights, const Var& latent) { return generated_noise(*this, weights, latent); }
  /// At a picture's size.
  Var noise(const Var& weights, const Var& latent, int64_t height, int64_t width);
  /// What scales the output when it is scaled.
  std::vector<Parameter*> output_parameters() { return {&patterns}; }
  void visit(auto&& f) { f("patterns", patterns); }
};

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/models/generators/pattern_dictionary.inl.hpp>
#endif

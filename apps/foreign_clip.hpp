// CLIPs that others trained: reads their weights and their vocabulary.
#pragma once

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>

#include <t2ue/models/weights/clip_import.hpp>
#include <t2ue/optim/clip_file.hpp>

namespace t2ue::apps {

/// What a vocabulary may be, for --help.
inline std::string vocabulary_help() {
  return "Vocabulary: a .vocab.json of t2ue, or CLIP's as bpe_simple_vocab_16e6.txt.gz, tokenizer.json, "
         "vocab.json with merges.txt, or a folder with these";
}

/// What weights may be, for --help.
inline std::string weights_help() {
  return "Published weights: a .safetensors file with open_clip's (OpenAI's) or Hugging Face's names, or the "
         "model.safetensors.index.json of several";
}

/// The vocabulary at `path` for the text tower of `config`. Of CLIP's merges a model that knows fewer tokens
/// gets the first, and none gets more than CLIP has. Error if it has more tokens than the tower knows.
inline Tokenizer load_vocabulary(const std::filesystem::path& path, const ClipConfig& config) {
  Tokenizer given = Tokenizer::load(
      path, static_cast<int>(std::min<int64_t>(config.text.vocab_size, ClipVocabulary::published_size)));
  check(given.vocab_size() <= config.text.vocab_size, "vocabulary", "the vocabulary ", path.string(), " has ",
        given.vocab_size(), " tokens, the text tower of ", config.name, " knows ", config.text.vocab_size);
  return given;
}

/// The vocabulary of published weights: the one given, or what lies beside the weights.
inline Tokenizer vocabulary_of_weights(const std::string& given, const std::filesystem::path& weights,
                                       const ClipConfig& config) {
  if (!given.empty()) return load_vocabulary(given, config);
  const std::filesystem::path folder = weights.parent_path().empty() ? "." : weights.parent_path();
  try {
    return load_vocabulary(folder, config);
  } catch (const Error& error) {
    fail("vocabulary", "weights come without a vocabulary, and none that fits is beside ", weights.string(),
         " (", error.what(), "); name it with --vocab");
  }
}

/// Published weights as a model of this configuration. Error as of import_clip.
inline LoadedClip load_foreign_clip(const ClipConfig& config, const std::string& weights,
                                    const std::string& vocabulary) {
  Tokenizer tokenizer = vocabulary_of_weights(vocabulary, weights, config);
  auto model = std::make_unique<Clip>(config);
  auto parameters =
      std::make_unique<ParameterSet>(*model, 0, Device{}, Precision::fp32, ParameterUse::inference);
  import_clip(weights, *parameters);
  return {std::move(model), std::move(parameters), std::move(tokenizer), "{}"};
}

}  // namespace t2ue::apps

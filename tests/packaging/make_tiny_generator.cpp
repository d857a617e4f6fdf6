// Writes an untrained generator file of a few kilobytes: make_tiny_generator FILE
#include <cstdio>
#include <string>
#include <vector>

#include <t2ue/methods/t2ue_source.hpp>
#include <t2ue/models/generators/ssa_generator.hpp>

int main(int argc, char** argv) try {
  t2ue::check(argc == 2, "make_tiny_generator", "needs one argument, the file to write");
  const std::vector<std::string> captions = {"a red apple", "a green apple", "a red car"};
  t2ue::BytePairTokenizer tokenizer = t2ue::BytePairTokenizer::train(captions, 280);

  t2ue::TextConfig text;
  text.context_length = 16;
  text.vocab_size = tokenizer.vocab_size();
  text.transformer.width = 16;
  text.transformer.heads = 2;
  text.transformer.layers = 1;
  text.embed_dim = 8;
  t2ue::CaptionEncoder encoder(text, std::move(tokenizer));
  encoder.parameters().initialise(1);

  t2ue::SsaGeneratorConfig config;
  config.latent = 4;
  config.condition = text.embed_dim;
  config.width = 4;
  config.multipliers = {2, 2, 1};
  config.hidden = 8;
  config.mask_hidden = 4;
  t2ue::Generator generator(t2ue::GeneratorConfig{config});
  const t2ue::ParameterSet parameters(generator, 2);

  t2ue::save_generator(argv[1], generator.config, parameters, encoder, 3);
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}

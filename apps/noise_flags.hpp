// Shared by `t2ue noise` and `t2ue noise-shards`: the flags that decide a noise, and their help.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>

#include <t2ue/methods/t2ue_source.hpp>
#include <t2ue/noise/manifest.hpp>

#include "commands.hpp"

namespace t2ue::apps {

struct NoiseFlags {
  std::string generator, size, latent = "all", per = "picture";
  std::optional<uint64_t> seed;
  ComputeFlags compute;
};

/// Returns the flag --generator.
inline CLI::Option* add_noise_flags(CLI::App& command, NoiseFlags& flags) {
  CLI::Option* generator =
      command.add_option("--generator", flags.generator, "Generator file of `t2ue train generator`");
  command.add_option(
      "--size", flags.size,
      "WIDTHxHEIGHT of what models will see, as 224x224: apply brings the noise to larger pictures "
      "so that resizing gives it back; without it, the generator's own size");
  command.add_option("--seed", flags.seed, "Of the latents, instead of the generator file's");
  command
      .add_option("--latent", flags.latent,
                  "all: a caption's noise is a function of the caption; caption, item: each draws a latent "
                  "of its own")
      ->check(CLI::IsMember(kind_names<LatentSharing>()))
      ->capture_default_str();
  command
      .add_option(
          "--per", flags.per,
          "What has a noise of its own: picture, from its first caption; all-captions, a picture, from all "
          "its captions together; caption, each of a picture's captions under the key KEY#1, KEY#2, ...")
      ->check(CLI::IsMember(kind_names<NoisePer>()))
      ->capture_default_str();
  add_compute(command, flags.compute);
  return generator;
}

struct Size {
  int height, width;
};

/// "WxH", or nothing for `otherwise` squared.
inline Size size_of(const std::string& text, int otherwise) {
  if (text.empty()) return {otherwise, otherwise};
  int width = 0, height = 0, end = 0;
  const bool read = std::sscanf(text.c_str(), "%5dx%5d%n", &width, &height, &end) == 2;
  if (!read || static_cast<size_t>(end) != text.size() || width < 1 || height < 1)
    throw BadUsage(concat("[usage] --size is WIDTHxHEIGHT as in 640x480, not '", text, "'"));
  return {height, width};
}

/// The generator at work, with the seed and the latents asked for.
inline std::unique_ptr<T2ueSource> open_source(const NoiseFlags& flags) {
  const Compute compute = compute_of(flags.compute);
  auto source = std::make_unique<T2ueSource>(flags.generator, compute);
  if (flags.seed) source->set_seed(*flags.seed);
  source->set_latent_sharing(kind_named<LatentSharing>(flags.latent));
  return source;
}

/// The recipe of noises of that size, which is what models will see: tiled at a larger picture's own size, a
/// noise would be averaged away by their resizing.
inline NoiseRecipe recipe_for_models(const NoiseSource& source, uint64_t seed, const Size& size) {
  NoiseRecipe recipe = t2ue::recipe_of(source, seed, size.height, size.width);
  if (recipe.resampler == Resampler::tile) recipe.image_size = std::min(size.height, size.width);
  return recipe;
}

inline NoiseRecipe recipe_of(const NoiseFlags& flags, const T2ueSource& source) {
  const Size size = size_of(flags.size, static_cast<int>(source.config().output_size()));
  NoiseRecipe recipe = recipe_for_models(source, source.seed(), size);
  recipe.per = kind_named<NoisePer>(flags.per);
  return recipe;
}

}  // namespace t2ue::apps

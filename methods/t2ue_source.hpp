// T2UE: noise from a caption alone. A generator file holds all that is needed: the generator, the text tower
// that embeds captions, and its vocabulary.
#pragma once

#include <array>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <t2ue/core/config.hpp>
#include <t2ue/core/kinds.hpp>
#include <t2ue/data/text/caption_keywords.hpp>
#include <t2ue/models/generators/generator.hpp>
#include <t2ue/noise/latent_sharing.hpp>
#include <t2ue/noise/noise_source.hpp>
#include <t2ue/training/caption_encoder.hpp>

namespace t2ue {

/// Writes a generator file: `generator`, the encoder that it was trained with, and the keywords whose
/// captions share a noise (none: every caption has its own). `seed` is the one of its latents, `training` is
/// JSON text for the record.
void save_generator(const std::filesystem::path& path, const GeneratorConfig& config,
                    const ParameterSet& generator, CaptionEncoder& encoder, uint64_t seed,
                    const CaptionKeywords& keywords = {}, const std::string& training = "{}");

/// A generator file at work.
class T2ueSource final : public NoiseSource {
 public:
  /// Error if the file is not a generator file, or its tensors do not fit its configuration. Captions are
  /// embedded in fp32 whatever the generator computes in.
  explicit T2ueSource(const std::filesystem::path& generator_file, const Compute& compute = {});
  ~T2ueSource() override;

  static MethodCard describe(float eps);
  const MethodCard& card() const override;
  /// One noise a caption, at the generator's own size (`config().output_size()` square).
  std::vector<Noise> make(std::span<const NoiseItem> items) override;

  const GeneratorConfig& config() const;
  /// SHA-256 of the generator file.
  const std::string& sha256() const;
  uint64_t seed() const;
  /// Another user key: other latents, other noise. Only matters for generators trained with several latents.
  void set_seed(uint64_t seed);
  void set_latent_sharing(LatentSharing sharing);
  /// Its generator, the seed and the sharing of its latents.
  void complete(NoiseRecipe& recipe) const override;
  std::string noise_name(const NoiseItem& item) const override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/methods/t2ue_source.inl.hpp>
#endif

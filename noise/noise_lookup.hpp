// Noises by key, from a noise folder or a folder of noise shards.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include <t2ue/core/config.hpp>
#include <t2ue/noise/manifest.hpp>

namespace t2ue {

/// The noises of a folder that t2ue noise or t2ue noise-shards made. Of shards only what is looked up is
/// read: memory does not grow with the folder.
class NoiseLookup {
 public:
  /// Throws Error if the folder is neither, not complete, damaged, or only a manifest.
  explicit NoiseLookup(const std::filesystem::path& folder);
  ~NoiseLookup();
  NoiseLookup(const NoiseLookup&) = delete;
  NoiseLookup& operator=(const NoiseLookup&) = delete;

  const NoiseRecipe& recipe() const;
  /// SHA-256 of the manifest.
  const std::string& sha256() const;
  bool has(const std::string& key) const;
  /// The noise of that key, checked against its checksum. Throws Error naming the key if there is none.
  Noise read(const std::string& key);

 private:
  struct Form;
  struct Files;
  struct Shards;
  std::unique_ptr<Form> form_;
};

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/noise/noise_lookup.inl.hpp>
#endif

// Protecting a folder of pictures in one go: noise files, protected pictures and their audit, as `t2ue
// noise`, `apply` and `audit` make them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>

#include <t2ue/core/config.hpp>
#include <t2ue/noise/apply.hpp>
#include <t2ue/noise/audit.hpp>
#include <t2ue/noise/noise_source.hpp>

namespace t2ue {

/// Called now and then with what is done and how much there is: "noise", "apply", then "audit".
using ProtectProgress = std::function<void(const std::string& what, int64_t done, int64_t total)>;

/// Where pictures come from and what is written; neither of the two written folders may be there.
struct ProtectFolders {
  std::filesystem::path originals, noise, published;
};

/// What was measured.
struct ProtectedFolder {
  AuditSummary audit;
  size_t distinct_noises = 0;
  double seconds = 0;  ///< making and adding the noise of all pictures
};

/// Noise files for all items, made in parts so that memory does not grow with their number. `seed` goes into
/// the manifest.
void write_noise_folder(NoiseSource& source, std::span<const NoiseItem> items, uint64_t seed,
                        const std::filesystem::path& folder, const ProtectProgress& progress = {});

/// Reads saved pictures again. Error if one is missing or moved by more than eps_steps; `name` is in it.
AuditSummary check_protected(const std::string& name, const std::filesystem::path& originals,
                             const std::filesystem::path& published, int eps_steps,
                             const ProtectProgress& progress = {});

/// Makes noise for the items, adds it to the pictures of their keys, and audits what was saved against
/// eps_steps. `caption`, if there is one, changes what is published beside a picture: (key, caption) ->
/// caption. Error as from check_protected().
ProtectedFolder protect_folder(
    NoiseSource& source, std::span<const NoiseItem> items, uint64_t seed, const ProtectFolders& folders,
    int eps_steps, const ProtectProgress& progress = {},
    const std::function<std::string(const std::string& key, const std::string& caption)>& caption = {});

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/noise/protect_folder.inl.hpp>
#endif

// Published pictures for one method: noise files, protected files, and their audit, as `t2ue noise`, `apply`
// and `audit` would make them.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include <t2ue/core/config.hpp>
#include <t2ue/eval/bench/data.hpp>
#include <t2ue/methods/method_entry.hpp>

namespace t2ue {

/// A method ready to protect, and what it cost to get there.
struct BuiltMethod {
  Method method;
  double seconds = 0;  ///< one-off: training a generator or surrogate
};

/// What was written and measured.
struct Protection {
  std::filesystem::path folder;  ///< a pairs folder: the originals' keys and classes, captions as published
  nlohmann::json measured;  ///< linf (steps), l2 (mean, pixel units), psnr (dB), ssim, distinct_deltas, ...
  double seconds = 0;       ///< making and adding the noise of all pictures
};

/// Called now and then with what is done and how much there is.
using BenchProgress = std::function<void(const std::string& what, int64_t done, int64_t total)>;

/// Protects every training picture by `built` under `folder`, which must not be there: noise in
/// `folder`/noise (none for a transform), pictures in `folder`/published, what was measured in
/// `folder`/protection.json, which comes last. For a plan of classes the noise's linear separability
/// (held-out and training accuracy, %) is measured too. Error if a saved picture moved by more than the card
/// allows.
Protection protect_pictures(const BenchData& data, const BuiltMethod& built, uint64_t seed,
                            const std::filesystem::path& folder, const BenchProgress& progress = {});

/// What an earlier protect_pictures() left in `folder`, if it was finished.
std::optional<Protection> read_protection(const std::filesystem::path& folder);

/// The published pictures and captions in the order of the originals, with the originals' classes. Token ids
/// are the originals' too, and none where captions were changed.
PairDataset load_published(const PairDataset& originals, const std::filesystem::path& folder);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/eval/bench/protect.inl.hpp>
#endif

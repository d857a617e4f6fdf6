// The audit: reads saved pictures again and measures them against the originals.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include <t2ue/core/config.hpp>
#include <t2ue/data/image/image.hpp>
#include <t2ue/data/records/dataset_index.hpp>

namespace t2ue {

/// The differences protected - original over some RGB values, in steps of 1/255. Alpha does not count.
struct Differences {
  int64_t count = 0;  ///< RGB values looked at
  int64_t clipped =
      0;  ///< saved as 0 or 255 with |difference| < eps: where cutting to 0..255 may have cost noise
  int64_t at_eps = 0;      ///< with |difference| = eps
  int64_t sum = 0;         ///< of the differences
  int64_t squares = 0;     ///< of their squares
  int max_difference = 0;  ///< max|difference|

  Differences& operator+=(const Differences& other);
  double clipped_share() const;
  double eps_share() const;
  double mean_error() const;  ///< signed, in steps
  /// 10 log10(255^2 / mean square) in dB; infinite for no difference.
  double psnr() const;
};

/// Measures one picture. Throws Error if the pictures differ in size, in having alpha, in alpha itself, in
/// ICC profile, EXIF block or orientation: apply changes none of these.
Differences audit_picture(const Image& original, const Image& protected_picture, int eps_steps);

struct AuditOptions {
  int eps_steps = 8;  ///< the promise: no RGB value moved by more, 0..255
  std::function<void(size_t done, size_t total)> progress;                  ///< after every picture
  std::function<void(const std::string& key, const Differences&)> picture;  ///< the figures of each picture
};

struct AuditSummary {
  int eps_steps = 0;
  size_t pictures = 0;                ///< in the protected folder
  size_t unchanged = 0;               ///< of these, equal to their originals: not protected
  size_t missing = 0;                 ///< originals without a protected picture
  Differences total;                  ///< over all pictures that could be measured
  double min_psnr = 0;                ///< the worst picture's; infinite for no difference anywhere
  double ssim = 0;                    ///< mean over the pictures that could be measured (ssim.hpp)
  std::vector<std::string> failures;  ///< one text for each picture that passed eps or could not be measured

  /// No failure, and at least one picture.
  bool passed() const { return failures.empty() && pictures > 0; }
};
/// Infinite PSNRs become null.
nlohmann::json to_json(const AuditSummary& summary);

/// Compares every picture of `protected_folder` (a data set in any form that open_dataset() knows, such as
/// the folder of t2ue apply) with the original of the same key; a key KEY#2 without an original of its own is
/// compared with KEY's (see NoisePer). Throws Error if eps is out of range or the folder is no data set;
/// everything else that is wrong is one of `failures`.
AuditSummary audit_folder(const DatasetIndex& originals, const std::filesystem::path& protected_folder,
                          const AuditOptions& options = {});

/// The same for the data set at a path.
AuditSummary audit_folder(const std::filesystem::path& originals,
                          const std::filesystem::path& protected_folder, const AuditOptions& options = {});

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/noise/audit.inl.hpp>
#endif

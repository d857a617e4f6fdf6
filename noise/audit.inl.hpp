#pragma once

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include <t2ue/core/error.hpp>
#include <t2ue/data/records/open_dataset.hpp>
#include <t2ue/data/records/picture_reader.hpp>
#include <t2ue/noise/audit.hpp>
#include <t2ue/noise/ssim.hpp>

namespace t2ue {

namespace detail {

inline double share_of(int64_t part, int64_t whole) {
  return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : 0.0;
}

inline nlohmann::json finite_or_null(double value) {
  return std::isfinite(value) ? nlohmann::json(value) : nlohmann::json(nullptr);
}

/// A data set of which a missing picture is a failure of its own, not an end to everything.
inline DatasetIndex open_for_audit(const std::filesystem::path& path) {
  DatasetOptions options;
  options.skip_bad = true;
  return open_dataset(path, options);
}

/// "KEY" of "KEY#2"; "" for other keys.
inline std::string_view without_caption_number(std::string_view key) {
  const size_t sign = key.find_last_of('#');
  const bool numbered = sign != std::string_view::npos && sign + 1 < key.size() &&
                        key.find_first_not_of("0123456789", sign + 1) == std::string_view::npos;
  return numbered ? key.substr(0, sign) : std::string_view();
}

}  // namespace detail

T2UE_INLINE Differences& Differences::operator+=(const Differences& other) {
  count += other.count;
  clipped += other.clipped;
  at_eps += other.at_eps;
  sum += other.sum;
  squares += other.squares;
  max_difference = std::max(max_difference, other.max_difference);
  return *this;
}

T2UE_INLINE double Differences::clipped_share() const {
  return detail::share_of(clipped, count);
}
T2UE_INLINE double Differences::eps_share() const {
  return detail::share_of(at_eps, count);
}
T2UE_INLINE double Differences::mean_error() const {
  return detail::share_of(sum, count);
}

T2UE_INLINE double Differences::psnr() const {
  if (squares == 0) return std::numeric_limits<double>::infinity();
  return 10.0 * std::log10(255.0 * 255.0 / detail::share_of(squares, count));
}

T2UE_INLINE Differences audit_picture(const Image& original, const Image& protected_picture, int eps_steps) {
  check_image(original);
  check_image(protected_picture);
  const auto channels = static_cast<size_t>(original.channels);
  check(original.height == protected_picture.height && original.width == protected_picture.width &&
            original.channels == protected_picture.channels,
        "audit", "it has ", protected_picture.height, " x ", protected_picture.width, " x ",
        protected_picture.channels, " values, but its original ", original.height, " x ", original.width,
        " x ", channels);
  check(original.orientation == protected_picture.orientation && original.exif == protected_picture.exif,
        "audit", "its EXIF block or orientation is not the original's");
  check(original.icc == protected_picture.icc, "audit", "its ICC profile is not the original's");
  Differences result;
  for (size_t i = 0; i < original.pixels.size(); ++i) {
    const int saved = protected_picture.pixels[i];
    const int difference = saved - original.pixels[i];
    if (i % channels == 3) {
      check(difference == 0, "audit", "its alpha is not the original's");
      continue;
    }
    const int size = std::abs(difference);
    ++result.count;
    result.clipped += (saved == 0 || saved == 255) && size < eps_steps;
    result.at_eps += size == eps_steps;
    result.sum += difference;
    result.squares += int64_t{size} * size;
    result.max_difference = std::max(result.max_difference, size);
  }
  return result;
}

T2UE_INLINE nlohmann::json to_json(const AuditSummary& summary) {
  return {{"passed", summary.passed()},
          {"eps_steps", summary.eps_steps},
          {"pictures", summary.pictures},
          {"unchanged", summary.unchanged},
          {"missing", summary.missing},
          {"max_difference", summary.total.max_difference},
          {"clipped_share", summary.total.clipped_share()},
          {"eps_share", summary.total.eps_share()},
          {"mean_error", summary.total.mean_error()},
          {"psnr", detail::finite_or_null(summary.total.psnr())},
          {"min_psnr", detail::finite_or_null(summary.min_psnr)},
          {"ssim", summary.ssim},
          {"failures", summary.failures}};
}

T2UE_INLINE AuditSummary audit_folder(const DatasetIndex& originals,
                                      const std::filesystem::path& protected_folder,
                                      const AuditOptions& options) {
  check(options.eps_steps >= 0 && options.eps_steps <= 255, "audit", "eps of ", options.eps_steps,
        " steps is outside 0..255");
  const DatasetIndex after = detail::open_for_audit(protected_folder);
  std::unordered_map<std::string_view, size_t> by_key;
  for (size_t i = 0; i < originals.records.size(); ++i)
    check(by_key.emplace(originals.records[i].key, i).second, "audit", "two originals have the key \"",
          originals.records[i].key, "\"; choose one split");
  const PictureReader before_pictures(originals), after_pictures(after);
  std::unordered_set<size_t> compared;
  double similarity = 0;
  size_t measured = 0;

  AuditSummary summary;
  summary.eps_steps = options.eps_steps;
  summary.min_psnr = std::numeric_limits<double>::infinity();
  summary.pictures = static_cast<size_t>(after.bad.count);
  summary.failures = after.bad.first;
  for (size_t i = 0; i < after.records.size(); ++i) {
    const std::string& key = after.records[i].key;
    ++summary.pictures;
    std::optional<Differences> found;
    try {
      auto place = by_key.find(key);
      if (place == by_key.end()) place = by_key.find(detail::without_caption_number(key));
      check(place != by_key.end(), "audit", "there is no original of this key");
      compared.insert(place->second);
      const Image original = before_pictures.read(place->second), saved = after_pictures.read(i);
      found = audit_picture(original, saved, options.eps_steps);
      similarity += ssim(original, saved);
      ++measured;
      check(found->max_difference <= options.eps_steps, "audit", "a value moved by ", found->max_difference,
            "/255, more than ", options.eps_steps, "/255");
    } catch (const Error& error) {
      summary.failures.push_back(concat('"', key, "\": ", error.what()));
    }
    if (found) {
      summary.total += *found;
      summary.unchanged += found->max_difference == 0;
      summary.min_psnr = std::min(summary.min_psnr, found->psnr());
      if (options.picture) options.picture(key, *found);
    }
    if (options.progress) options.progress(i + 1, after.records.size());
  }
  summary.ssim = measured > 0 ? similarity / static_cast<double>(measured) : 0.0;
  summary.missing = originals.records.size() - compared.size();
  return summary;
}

T2UE_INLINE AuditSummary audit_folder(const std::filesystem::path& originals,
                                      const std::filesystem::path& protected_folder,
                                      const AuditOptions& options) {
  return audit_folder(detail::open_for_audit(originals), protected_folder, options);
}

}  // namespace t2ue

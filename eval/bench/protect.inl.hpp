#pragma once

#include <chrono>
#include <cmath>
#include <set>

#include <t2ue/core/atomic_file.hpp>
#include <t2ue/core/folders.hpp>
#include <t2ue/core/json_reader.hpp>
#include <t2ue/data/image/image_codec.hpp>
#include <t2ue/eval/bench/protect.hpp>
#include <t2ue/eval/separability.hpp>
#include <t2ue/noise/apply.hpp>
#include <t2ue/noise/audit.hpp>
#include <t2ue/noise/manifest.hpp>

namespace t2ue {

namespace detail {

/// Noise files for all items, made in batches so that memory does not grow with their number.
inline void write_noise(const BenchData& data, NoiseSource& source, uint64_t seed,
                        const std::filesystem::path& folder, const BenchProgress& progress) {
  constexpr size_t chunk = 256;
  const std::span<const NoiseItem> items = data.items();
  std::unique_ptr<NoiseFolderWriter> writer;
  for (size_t begin = 0; begin < items.size(); begin += chunk) {
    const auto part = items.subspan(begin, std::min(chunk, items.size() - begin));
    const std::vector<Noise> noises = source.make(part);
    if (!writer)
      writer = std::make_unique<NoiseFolderWriter>(
          folder, recipe_of(source, seed, noises.front().height, noises.front().width));
    for (size_t i = 0; i < part.size(); ++i) writer->add(part[i].key, part[i].caption, noises[i]);
    if (progress)
      progress("noise", static_cast<int64_t>(begin + part.size()), static_cast<int64_t>(items.size()));
  }
  writer->commit();
}

/// The transformed pictures as the pairs folder that apply_folder would have made.
inline void write_transformed(const BenchData& data, const PictureTransform& transform,
                              const std::filesystem::path& folder, const BenchProgress& progress) {
  PairsFolderWriter writer(folder);
  const std::vector<Pair> pairs = read_pairs_folder(data.originals());
  for (size_t i = 0; i < pairs.size(); ++i) {
    const NoiseItem& item = data.items()[i];
    check(pairs[i].key == item.key, "bench", data.originals(), " is not in the order of the data");
    writer.add(pairs[i], encode_png(transform.apply(item, *item.picture), 1));
    if (progress) progress("transform", static_cast<int64_t>(i + 1), static_cast<int64_t>(pairs.size()));
  }
  writer.commit();
}

/// How many different noises were made; 0 where there is no noise but a transform.
inline size_t distinct_noises(const std::filesystem::path& noise) {
  return std::filesystem::exists(noise) ? distinct_deltas(read_noise_manifest(noise)) : 0;
}

inline nlohmann::json measured_by(const AuditSummary& audit, size_t distinct) {
  const Differences& d = audit.total;
  const double pictures = std::max<double>(static_cast<double>(audit.pictures), 1);
  return {{"linf", d.max_difference},
          // Root of the mean picture's squared change, in pixel units.
          {"l2", std::sqrt(static_cast<double>(d.squares) / pictures) / 255.0},
          {"psnr", std::isfinite(d.psnr()) ? nlohmann::json(d.psnr()) : nlohmann::json()},
          {"ssim", audit.ssim},
          {"at_eps_share", d.eps_share()},
          {"clipped_share", d.clipped_share()},
          {"mean_error", d.mean_error()},
          {"pictures", audit.pictures},
          {"unchanged", audit.unchanged},
          {"distinct_deltas", distinct}};
}

}  // namespace detail

T2UE_INLINE Protection protect_pictures(const BenchData& data, const BuiltMethod& built, uint64_t seed,
                                        const std::filesystem::path& folder, const BenchProgress& progress) {
  const auto started = std::chrono::steady_clock::now();
  make_folder(folder);
  const auto noise = folder / "noise", published = folder / "published";
  if (built.method.noise) {
    detail::write_noise(data, *built.method.noise, seed, noise, progress);
    ApplyOptions apply;
    if (progress)
      apply.progress = [&](size_t done, size_t total) {
        progress("apply", static_cast<int64_t>(done), static_cast<int64_t>(total));
      };
    if (!built.method.triggers.empty())
      apply.caption = [&](const std::string& key, const std::string& caption) {
        const std::string& trigger = built.method.triggers.at(key);
        return trigger.empty() ? caption : concat(trigger, " ", caption);
      };
    apply_folder(data.originals(), noise, published, apply);
  } else {
    detail::write_transformed(data, *built.method.transform, published, progress);
  }
  Protection protection{published, {}, 0};
  protection.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  AuditOptions options;
  options.eps_steps = built.method.noise ? built.method.card().max_steps() : 255;
  const AuditSummary audit = audit_folder(data.originals(), published, options);
  check(audit.passed() && audit.missing == 0, "audit", built.method.card().name, ": ",
        audit.failures.empty() ? concat(audit.missing, " pictures are missing") : audit.failures.front());
  protection.measured = detail::measured_by(audit, detail::distinct_noises(noise));
  if (data.task() == LearningTask::classes) {
    const Separability noise_alone =
        linear_separability(data.train(), load_published(data.train(), published), seed);
    protection.measured["separability"] = noise_alone.held_out;
    protection.measured["separability_train"] = noise_alone.train;
  }
  protection.measured["card"] = to_json(built.method.card());
  protection.measured["one_off_seconds"] = built.seconds;
  write_file(
      folder / "protection.json",
      nlohmann::json{{"measured", protection.measured}, {"seconds", protection.seconds}}.dump(1) + "\n");
  return protection;
}

T2UE_INLINE std::optional<Protection> read_protection(const std::filesystem::path& folder) {
  const auto file = folder / "protection.json";
  if (!std::filesystem::exists(file)) return std::nullopt;
  const nlohmann::json json = parse_json(read_text(file), file.string());
  JsonReader reader(json, file.string());
  return Protection{folder / "published", reader.get<nlohmann::json>("measured"),
                    reader.get<double>("seconds")};
}

T2UE_INLINE PairDataset load_published(const PairDataset& originals, const std::filesystem::path& folder) {
  PairDataset published = originals;
  std::unordered_map<std::string, int64_t> place;
  for (int64_t i = 0; i < originals.count(); ++i) place[originals.keys[static_cast<size_t>(i)]] = i;
  size_t found = 0;
  for (const Pair& pair : read_pairs_folder(folder)) {
    const auto it = place.find(pair.key);
    check(it != place.end(), "bench", folder, ": '", pair.key, "' is not among the originals");
    const Image picture = load_image(folder / pair.picture);
    check(picture.height == originals.size && picture.width == originals.size && picture.channels == 3,
          "bench", folder / pair.picture, " has another size than its original");
    const size_t captions = originals.captions_of(it->second).size();
    check(pair.captions.size() == captions, "bench", folder, ": '", pair.key, "' has ", pair.captions.size(),
          " captions, its original ", captions);
    published.replace(it->second, picture.pixels, pair.captions);
    ++found;
  }
  check(found == originals.keys.size(), "bench", folder, " has ", found, " of ", originals.keys.size(),
        " pictures");
  if (published.captions != originals.captions) published.ids.clear(), published.end.clear();
  return published;
}

}  // namespace t2ue

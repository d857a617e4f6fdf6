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
#include <t2ue/noise/protect_folder.hpp>

namespace t2ue {

namespace detail {

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
  make_folder(folder);
  const auto noise = folder / "noise", published = folder / "published";
  const std::string& name = built.method.card().name;
  Protection protection{published, {}, 0};
  if (built.method.noise) {
    std::function<std::string(const std::string&, const std::string&)> caption;
    if (!built.method.triggers.empty())
      caption = [&](const std::string& key, const std::string& before) {
        const std::string& trigger = built.method.triggers.at(key);
        return trigger.empty() ? before : concat(trigger, " ", before);
      };
    const ProtectedFolder made =
        protect_folder(*built.method.noise, data.items(), seed, {data.originals(), noise, published},
                       built.method.card().max_steps(), progress, caption);
    protection.seconds = made.seconds;
    protection.measured = detail::measured_by(made.audit, made.distinct_noises);
  } else {
    const auto started = std::chrono::steady_clock::now();
    detail::write_transformed(data, *built.method.transform, published, progress);
    protection.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
    // A transform may move a pixel all the way, and leaves no noise to count.
    protection.measured =
        detail::measured_by(check_protected(name, data.originals(), published, 255, progress), 0);
  }
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

#pragma once

#include <algorithm>
#include <chrono>
#include <memory>
#include <vector>

#include <t2ue/noise/manifest.hpp>
#include <t2ue/noise/protect_folder.hpp>

namespace t2ue {

T2UE_INLINE void write_noise_folder(NoiseSource& source, std::span<const NoiseItem> items, uint64_t seed,
                                    const std::filesystem::path& folder, const ProtectProgress& progress) {
  constexpr size_t chunk = 256;
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
  check(writer != nullptr, "noise", "there is no item to make noise for");
  writer->commit();
}

T2UE_INLINE AuditSummary check_protected(const std::string& name, const std::filesystem::path& originals,
                                         const std::filesystem::path& published, int eps_steps,
                                         const ProtectProgress& progress) {
  AuditOptions options;
  options.eps_steps = eps_steps;
  if (progress)
    options.progress = [&](size_t done, size_t total) {
      progress("audit", static_cast<int64_t>(done), static_cast<int64_t>(total));
    };
  AuditSummary audit = audit_folder(originals, published, options);
  check(audit.passed() && audit.missing == 0, "audit", name, ": ",
        audit.failures.empty() ? concat(audit.missing, " pictures are missing") : audit.failures.front());
  return audit;
}

T2UE_INLINE ProtectedFolder protect_folder(
    NoiseSource& source, std::span<const NoiseItem> items, uint64_t seed, const ProtectFolders& folders,
    int eps_steps, const ProtectProgress& progress,
    const std::function<std::string(const std::string& key, const std::string& caption)>& caption) {
  const auto started = std::chrono::steady_clock::now();
  write_noise_folder(source, items, seed, folders.noise, progress);
  ApplyOptions apply;
  apply.caption = caption;
  if (progress)
    apply.progress = [&](size_t done, size_t total) {
      progress("apply", static_cast<int64_t>(done), static_cast<int64_t>(total));
    };
  apply_folder(folders.originals, folders.noise, folders.published, apply);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  return {check_protected(source.card().name, folders.originals, folders.published, eps_steps, progress),
          distinct_deltas(read_noise_manifest(folders.noise)), seconds};
}

}  // namespace t2ue

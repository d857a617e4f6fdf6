// Loading captioned pictures for a command: with progress, and with a word on every picture left out.
#pragma once

#include <t2ue/data/image_codec.hpp>
#include <t2ue/data/pair_dataset.hpp>

#include "commands.hpp"
#include "output.hpp"
#include "progress.hpp"

namespace t2ue::apps {

/// Pictures ready for a model, and why some were left out.
struct LoadedData {
  PairDataset pairs;
  std::vector<std::string> skipped;  ///< one text for each bad picture
};

/// Why the pictures of `folder` that `data` lacks could not be read.
inline std::vector<std::string> reasons_for_skipping(const std::string& folder, const PairDataset& data) {
  std::vector<std::string> reasons;
  if (data.skipped == 0) return reasons;
  const std::set<std::string> kept(data.keys.begin(), data.keys.end());
  for (const Pair& pair : read_pairs_folder(folder)) {
    if (kept.contains(pair.key)) continue;
    try {
      (void)load_image(std::filesystem::path(folder) / pair.picture);
    } catch (const Error& error) {
      reasons.push_back(error.what());
    }
  }
  return reasons;
}

inline LoadedData load_data(const std::string& folder, const BytePairTokenizer& tokenizer, int64_t size,
                            int64_t context_length, bool skip_bad, const Globals& globals) {
  PairLoadOptions options;
  options.size = static_cast<int>(size);
  options.context_length = static_cast<int>(context_length);
  options.skip_bad = skip_bad;
  if (globals.threads > 0) options.workers = globals.threads;
  std::optional<ProgressBar> bar;
  const auto started = ProgressBar::Clock::now();
  options.progress = [&](int64_t done, int64_t total, double waiting) {
    const auto now = ProgressBar::Clock::now();
    if (!bar)
      bar.emplace(ProgressLine("read " + folder, total, "pictures"), progress_style(globals.progress));
    bar->update(done, waiting * std::chrono::duration<double>(now - started).count());
  };
  LoadedData data{load_pair_dataset(folder, tokenizer, options), {}};
  if (bar) bar->finish();
  data.skipped = reasons_for_skipping(folder, data.pairs);
  for (const std::string& reason : data.skipped) remark("left out: " + reason);
  return data;
}

/// " (3 bad pictures left out)", or nothing.
inline std::string skipped_text(const std::vector<std::string>& skipped) {
  return skipped.empty() ? "" : concat(" (", skipped.size(), " bad pictures left out)");
}

}  // namespace t2ue::apps

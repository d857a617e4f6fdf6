// Loads captioned pictures for a command, shows progress, and names every picture that was left out.
#pragma once

#include <t2ue/data/records/pair_dataset.hpp>

#include "dataset_flags.hpp"
#include "output.hpp"
#include "progress.hpp"

namespace t2ue::apps {

/// Pictures ready for a model, and why some were left out.
struct LoadedData {
  PairDataset pairs;
  std::vector<std::string> skipped;  ///< one text for each bad picture
  double data_share = 0;             ///< of the time spent here: waiting for pictures to be decoded
};

/// The part of the data set at `path` that a command works on: the split asked for, or `otherwise` (see
/// pick_split()). Records with a class alone get the words for it as their caption.
inline DatasetIndex open_part(const std::string& path, const DatasetFlags& flags, bool skip_bad,
                              const std::string& otherwise, bool need_pictures = true) {
  DatasetIndex index = pick_split(open_with_flags(path, flags, skip_bad, need_pictures), flags, otherwise);
  caption_by_class(index);
  return index;
}

/// Decodes the pictures of `index`, which was read from `path`.
inline LoadedData load_data(const std::string& path, const DatasetIndex& index, const Tokenizer& tokenizer,
                            int64_t size, int64_t context_length, bool skip_bad, const Globals& globals) {
  PairLoadOptions options;
  options.size = static_cast<int>(size);
  options.context_length = static_cast<int>(context_length);
  options.skip_bad = skip_bad;
  if (globals.threads > 0) options.workers = globals.threads;
  std::optional<ProgressBar> bar;
  const auto started = ProgressBar::Clock::now();
  double data_share = 0;
  options.progress = [&](int64_t done, int64_t total, double waiting) {
    const auto now = ProgressBar::Clock::now();
    if (!bar) bar.emplace(ProgressLine("read " + path, total, "pictures"), progress_style(globals.progress));
    bar->update(done, waiting * ProgressBar::seconds(now - started));
    data_share = waiting;
  };
  LoadedData data{load_pair_dataset(index, tokenizer, options), index.bad.first};
  data.data_share = data_share;
  if (bar) bar->finish();
  data.skipped.insert(data.skipped.end(), data.pairs.skipped.begin(), data.pairs.skipped.end());
  for (const std::string& reason : data.skipped) remark("left out: " + reason);
  return data;
}

/// " (3 bad pictures left out)", or nothing.
inline std::string skipped_text(const std::vector<std::string>& skipped) {
  return skipped.empty() ? "" : concat(" (", skipped.size(), " bad pictures left out)");
}

}  // namespace t2ue::apps

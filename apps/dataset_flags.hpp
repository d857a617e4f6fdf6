// The flags that say what a data set is and which part of it is meant.
#pragma once

#include <algorithm>

#include <t2ue/data/records/open_dataset.hpp>
#include <t2ue/data/records/split_manifest.hpp>
#include <t2ue/training/conditioner.hpp>

#include "commands.hpp"

namespace t2ue::apps {

struct DatasetFlags {
  DatasetOptions options;
  std::string pictures, splits;
  std::string split;  ///< empty: see pick_split()
};

/// What a data set may be, for the help of the option that names one.
inline const char* dataset_help() {
  return "Data set: a folder with pairs.jsonl, Flickr8k, Flickr30k, COCO, CIFAR, STL-10, a folder a class, "
         "captions in side files, WebDataset shards (also NAME-{000..123}.tar), .csv, .tsv or .jsonl";
}

/// `format`: the flag for the form, for commands whose --format is another.
inline void add_dataset_flags(CLI::App& command, DatasetFlags& flags,
                              const std::string& format = "--format") {
  command.add_option(format, flags.options.format, "The data set's form, instead of the one recognised")
      ->check(CLI::IsMember(dataset_formats()));
  command.add_option("--picture-folder", flags.pictures,
                     "Folder with the pictures that captions name, instead of the one found");
  command.add_option("--splits", flags.splits,
                     "Split manifest: lines KEY<TAB>SPLIT, or JSON {\"train\": [\"key\", ...], ...}");
  command
      .add_option("--columns", flags.options.columns,
                  "WebDataset: where captions are, as in txt,json:caption")
      ->delimiter(',');
}

/// --split, for commands that work on one.
inline void add_split_flag(CLI::App& command, DatasetFlags& flags, const std::string& otherwise) {
  command.add_option("--split", flags.split,
                     "The split to use; without it the only one, or \"" + otherwise + "\"");
}

/// The data set at `path`, with the manifest's splits. `skip_bad`: bad records are left out and counted.
inline DatasetIndex open_with_flags(const std::string& path, const DatasetFlags& flags, bool skip_bad,
                                    bool need_pictures = true) {
  DatasetOptions options = flags.options;
  options.pictures = flags.pictures;
  options.skip_bad = skip_bad;
  options.need_pictures = need_pictures;
  DatasetIndex index = open_dataset(path, options);
  if (!flags.splits.empty()) apply_splits(index, read_splits(flags.splits), skip_bad);
  return index;
}

/// The split asked for; without --split the only one there is, or the one called `otherwise`. BadUsage if
/// that leaves a choice.
inline DatasetIndex pick_split(DatasetIndex index, const DatasetFlags& flags, const std::string& otherwise) {
  if (!flags.split.empty()) return as_usage([&] { return select_split(index, flags.split); });
  if (index.splits.size() == 1) return index;
  if (std::find(index.splits.begin(), index.splits.end(), otherwise) != index.splits.end())
    return select_split(index, otherwise);
  std::string known;
  for (const std::string& split : index.splits) known += (known.empty() ? "" : ", ") + split;
  throw BadUsage("[usage] the data set has the splits " + known + "; choose one with --split");
}

/// Gives records that have a class and no caption the words for that class.
inline void caption_by_class(DatasetIndex& index) {
  for (Record& record : index.records)
    if (record.captions.empty() && record.label >= 0)
      record.captions.push_back(class_prompt(index.label_of(record)));
}

}  // namespace t2ue::apps

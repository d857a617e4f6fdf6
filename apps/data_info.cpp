#include "data_info.hpp"

#include <cmath>
#include <map>
#include <numeric>
#include <optional>
#include <thread>

#include <t2ue/core/atomic_file.hpp>
#include <t2ue/data/image/contact_sheet.hpp>
#include <t2ue/data/image/image_codec.hpp>
#include <t2ue/data/image/near_duplicates.hpp>
#include <t2ue/data/records/dataset_summary.hpp>
#include <t2ue/report/results_table.hpp>

#include "dataset_flags.hpp"
#include "progress.hpp"

namespace t2ue::apps {

namespace {

struct InfoOptions {
  std::string path, sheet;
  DatasetFlags data;
  int64_t sample = 256;
  bool duplicates = false, captions_only = false;
  int distance = 6;
};

int workers_of(const Globals& globals) {
  return globals.threads > 0 ? globals.threads
                             : static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
}

nlohmann::json json_of(const Spread& spread) {
  return {{"min", spread.least}, {"mean", spread.mean}, {"max", spread.most}};
}

nlohmann::json json_of(const BadRecords& bad) {
  return {{"count", bad.count}, {"first", bad.first}};
}

std::string text_of(const Spread& spread) {
  return concat(spread.least, " to ", spread.most, ", mean ", std::round(spread.mean * 100) / 100);
}

std::string text_of(const BadRecords& bad) {
  std::string text;
  constexpr size_t shown = 5;
  for (size_t i = 0; i < std::min(shown, bad.first.size()); ++i) text += "\n    " + bad.first[i];
  if (bad.count > static_cast<int64_t>(shown)) text += "\n    ...";
  return text;
}

/// Adds the splits with their counts and hashes.
void describe_splits(const DatasetIndex& index, Result& result) {
  nlohmann::ordered_json splits;
  for (uint32_t split = 0; split < index.splits.size(); ++split) {
    const std::vector<std::string> keys = keys_of_split(index, split);
    int64_t captions = 0;
    for (const Record& record : index.records)
      if (record.split == split) captions += static_cast<int64_t>(record.captions.size());
    const std::string hash = split_hash(keys);
    splits[index.splits[split]] = {{"pictures", keys.size()}, {"captions", captions}, {"hash", hash}};
    result.text += concat("\n  split ", index.splits[split], ": ", keys.size(), " pictures, ", captions,
                          " captions, hash ", hash);
  }
  result.json["splits"] = splits;
}

/// Adds captions, words and the largest classes.
void describe_texts(const DatasetIndex& index, Result& result) {
  const TextSummary texts = summarise_texts(index);
  result.json["captions"] = {{"count", texts.captions},
                             {"a_picture", json_of(texts.captions_a_picture)},
                             {"words_a_caption", json_of(texts.words_a_caption)},
                             {"distinct_words", texts.distinct_words}};
  if (texts.captions > 0)
    result.text += concat("\n  captions a picture: ", text_of(texts.captions_a_picture),
                          "; words a caption: ", text_of(texts.words_a_caption), "; ", texts.distinct_words,
                          " distinct words");
  if (index.label_names.empty()) return;
  std::vector<size_t> order(index.label_names.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return texts.label_counts[a] > texts.label_counts[b]; });
  nlohmann::json top = nlohmann::json::array();
  constexpr size_t shown = 10;
  result.text += concat("\n  classes: ", order.size(), ", pictures each ",
                        text_of(spread_of(texts.label_counts)), "; the largest:");
  for (size_t i = 0; i < std::min(shown, order.size()); ++i) {
    top.push_back({{"name", index.label_names[order[i]]}, {"count", texts.label_counts[order[i]]}});
    result.text +=
        concat(i == 0 ? " " : ", ", index.label_names[order[i]], " ", texts.label_counts[order[i]]);
  }
  result.json["labels"] = {{"classes", order.size()},
                           {"a_class", json_of(spread_of(texts.label_counts))},
                           {"top", std::move(top)},
                           {"unlabelled", texts.unlabelled}};
}

/// Adds sizes and bad files of a sample.
void describe_pictures(const DatasetIndex& index, const InfoOptions& options, const Globals& globals,
                       Result& result) {
  const auto total = static_cast<int64_t>(index.records.size());
  const PictureSummary pictures =
      visit_pictures(index, spread_sample(total, options.sample), workers_of(globals), {});
  result.json["pictures"] = {{"sampled", pictures.sampled},
                             {"height", json_of(pictures.heights)},
                             {"width", json_of(pictures.widths)},
                             {"distinct_sizes", pictures.distinct_sizes},
                             {"bad", json_of(pictures.bad)}};
  result.text += concat("\n  pictures sampled: ", pictures.sampled, ", width ", text_of(pictures.widths),
                        ", height ", text_of(pictures.heights), ", ", pictures.distinct_sizes,
                        " sizes; cannot be read: ", pictures.bad.count, text_of(pictures.bad));
}

/// Draws up to 64 pictures on a sheet.
void draw_sheet(const DatasetIndex& index, const InfoOptions& options, const Globals& globals,
                Result& result) {
  constexpr int cell = 96, columns = 8;
  std::vector<Image> pictures;
  const auto total = static_cast<int64_t>(index.records.size());
  visit_pictures(index, spread_sample(total, int64_t{columns} * columns), workers_of(globals),
                 [&](size_t, const Image& image) { pictures.push_back(fit_picture(image, cell)); });
  check(!pictures.empty(), "data", "none of the pictures can be read: there is nothing to draw");
  write_file(options.sheet, encode_png(contact_sheet(pictures, columns, cell)));
  result.json["sheet"] = options.sheet;
  result.text += concat("\n  contact sheet of ", pictures.size(), " pictures: ", options.sheet);
}

/// The splits' numbers, but "train" first: what a test has in common with training is told of the test.
std::vector<uint32_t> training_first(const DatasetIndex& index) {
  std::vector<uint32_t> rank(index.splits.size());
  for (uint32_t split = 0; split < rank.size(); ++split)
    rank[split] = index.splits[split] == "train" ? 0 : split + 1;
  return rank;
}

/// Adds pictures that look like one of an earlier split.
void find_duplicates(const DatasetIndex& index, const InfoOptions& options, const Globals& globals,
                     Result& result) {
  PictureHashes pictures;
  double data_share = 0;
  {
    const auto started = ProgressBar::Clock::now();
    ProgressBar bar({"hash pictures", static_cast<int64_t>(index.records.size()), "pictures"},
                    progress_style(globals.progress));
    pictures = hash_pictures(index, workers_of(globals), [&](int64_t done, int64_t, double waiting) {
      data_share = waiting;
      bar.update(done, waiting * ProgressBar::seconds(ProgressBar::Clock::now() - started));
    });
  }
  const std::vector<uint32_t> rank = training_first(index);
  std::vector<uint32_t> splits;
  for (const size_t record : pictures.records) splits.push_back(rank[index.records[record].split]);
  const std::vector<NearDuplicate> found = near_duplicates(pictures.hashes, splits, options.distance);
  std::map<std::pair<std::string, std::string>, int64_t> counts;
  nlohmann::json pairs = nlohmann::json::array();
  constexpr size_t listed = 1000, shown = 10;
  std::string list;
  for (size_t i = 0; i < found.size(); ++i) {
    const Record& picture = index.records[pictures.records[found[i].picture]];
    const Record& twin = index.records[pictures.records[found[i].twin]];
    ++counts[{index.split_of(picture), index.split_of(twin)}];
    if (i < listed)
      pairs.push_back({{"key", picture.key},
                       {"split", index.split_of(picture)},
                       {"twin", twin.key},
                       {"twin_split", index.split_of(twin)},
                       {"distance", found[i].distance}});
    if (i < shown)
      list += concat("\n    ", index.split_of(picture), " ", picture.key, " ~ ", index.split_of(twin), " ",
                     twin.key, " (", found[i].distance, ")");
  }
  nlohmann::json by_split = nlohmann::json::array();
  result.text += concat("\n  pictures that look like one of an earlier split (hashes differ in at most ",
                        options.distance, " of 64 bits): ", found.size(), " of ", pictures.hashes.size());
  for (const auto& [names, count] : counts) {
    by_split.push_back({{"split", names.first}, {"twin_split", names.second}, {"count", count}});
    result.text += concat("\n    ", names.first, " like ", names.second, ": ", count);
  }
  result.text += list + (found.size() > shown ? "\n    ..." : "");
  result.json["duplicates"] = {{"distance", options.distance}, {"hashed", pictures.hashes.size()},
                               {"count", found.size()},        {"by_split", std::move(by_split)},
                               {"pairs", std::move(pairs)},    {"bad", json_of(pictures.bad)},
                               {"data_share", data_share}};
}

Result data_info(const InfoOptions& options, const Globals& globals) {
  const DatasetIndex index = open_with_flags(options.path, options.data, true, !options.captions_only);
  Result result{{{"path", options.path}, {"format", index.format}, {"records", index.records.size()}},
                concat(options.path, ": ", index.format, ", ", index.records.size(), " pictures"),
                0};
  describe_splits(index, result);
  describe_texts(index, result);
  describe_pictures(index, options, globals, result);
  result.json["bad"] = json_of(index.bad);
  result.text += concat("\n  bad records left out: ", index.bad.count, text_of(index.bad));
  if (!options.sheet.empty()) draw_sheet(index, options, globals, result);
  if (options.duplicates) find_duplicates(index, options, globals, result);
  return result;
}

}  // namespace

void add_data_info(CLI::App& data, Globals& globals) {
  CLI::App& command = add_command(data, "info", "Describe a data set: form, splits, captions, classes, sizes",
                                  "data info Flickr8k --sheet flickr8k.png --duplicates", globals);
  const auto options = std::make_shared<InfoOptions>();
  command.add_option("path", options->path, dataset_help())->required();
  add_dataset_flags(command, options->data);
  command.add_flag("--captions-only", options->captions_only,
                   "Do not look for the pictures that captions name");
  command.add_option("--sample", options->sample, "Pictures to decode for sizes and bad files")
      ->check(CLI::Range(int64_t{0}, int64_t{1} << 31))
      ->capture_default_str();
  command.add_option("--sheet", options->sheet, "PNG to draw a sample of the pictures on");
  command.add_flag("--duplicates", options->duplicates,
                   "Find pictures that look like one of an earlier split, by a perceptual hash");
  command
      .add_option("--distance", options->distance, "Bits of 64 in which the hashes of duplicates may differ")
      ->check(CLI::Range(0, 12))
      ->capture_default_str();
  command.callback(
      [options, &globals] { globals.action = [options, &globals] { return data_info(*options, globals); }; });
}

}  // namespace t2ue::apps

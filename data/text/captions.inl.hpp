#pragma once

#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include <t2ue/core/atomic_file.hpp>
#include <t2ue/core/error.hpp>
#include <t2ue/core/folders.hpp>
#include <t2ue/data/text/caption_rows.hpp>
#include <t2ue/data/text/captions.hpp>
#include <t2ue/data/text/csv.hpp>
#include <t2ue/data/text/text_lines.hpp>
#include <t2ue/data/text/utf8.hpp>

namespace t2ue {
namespace detail {

/// Checks rows as they come, and joins those of one key.
class PairCollector {
 public:
  explicit PairCollector(const CaptionLimits& limits) : limits_(limits) {}

  void add(size_t line, Pair pair) {
    check_pair(pair, line, limits_);
    const auto [place, fresh] = places_.try_emplace(pair.key, pairs_.size());
    if (fresh) {
      pairs_.push_back(std::move(pair));
      lines_.push_back(line);
      return;
    }
    Pair& known = pairs_[place->second];
    check(known.picture == pair.picture && known.label == pair.label, "captions", "line ", line,
          ": the key \"", pair.key, "\" is already that of line ", lines_[place->second],
          " with another picture or label");
    known.captions.insert(known.captions.end(), pair.captions.begin(), pair.captions.end());
  }

  /// Runs `step`, which reads one row; an Error of its goes to `bad`, if there is one.
  template <class Step>
  void attempt(const BadRow& bad, const Step& step) {
    try {
      step();
    } catch (const Error& error) {
      if (!bad) throw;
      bad(error.what());
      any_bad_ = true;
    }
  }

  std::vector<Pair> take() {
    check(!pairs_.empty() || any_bad_, "captions", "the list has no rows");
    return std::move(pairs_);
  }

 private:
  CaptionLimits limits_;
  std::vector<Pair> pairs_;
  std::vector<size_t> lines_;  // where each pair was first seen
  std::unordered_map<std::string, size_t> places_;
  bool any_bad_ = false;
};

}  // namespace detail

T2UE_INLINE std::vector<Pair> parse_pairs_csv(std::string_view text, const CaptionLimits& limits,
                                              const BadRow& bad) {
  text = without_byte_order_mark(text);
  CsvRows rows(text, csv_separator(text), "captions");
  const auto header = rows.next();
  check(header.has_value(), "captions", "the list is empty");
  const CsvColumns columns(*header);
  detail::PairCollector pairs(limits);
  for (bool more = true; more;)
    pairs.attempt(bad, [&] {
      auto cells = rows.next();
      more = cells.has_value();
      if (!more) return;
      if (std::optional<Pair> pair = columns.pair(std::move(*cells), rows.line()))
        pairs.add(rows.line(), std::move(*pair));
    });
  return pairs.take();
}

T2UE_INLINE std::vector<Pair> parse_pairs_jsonl(std::string_view text, const CaptionLimits& limits,
                                                const BadRow& bad) {
  text = without_byte_order_mark(text);
  detail::PairCollector pairs(limits);
  for (size_t number = 1; !text.empty(); ++number) {
    const std::string_view line = take_line(text);
    pairs.attempt(bad, [&] {
      if (std::optional<Pair> pair = pair_of_json_line(line, number)) pairs.add(number, std::move(*pair));
    });
  }
  return pairs.take();
}

T2UE_INLINE std::vector<Pair> read_pairs(const std::filesystem::path& file, const CaptionLimits& limits,
                                         const BadRow& bad) {
  const std::string ending = file.extension().string();
  check(ending == ".csv" || ending == ".tsv" || ending == ".jsonl", "captions", file,
        ": a list ends in .csv, .tsv or .jsonl");
  const std::string text = read_text(file, limits.max_file_bytes);
  const auto named = [&](std::string_view what) {
    return concat("[captions] ", file, ": ", what.substr(std::string_view("[captions] ").size()));
  };
  BadRow bad_of_file;
  if (bad) bad_of_file = [&](const std::string& what) { bad(named(what)); };
  try {
    return (ending == ".jsonl" ? parse_pairs_jsonl : parse_pairs_csv)(text, limits, bad_of_file);
  } catch (const Error& error) {
    throw Error(named(error.what()));
  }
}

T2UE_INLINE std::string pairs_to_jsonl(std::span<const Pair> pairs) {
  std::string text;
  detail::PairCollector rules({.max_caption_bytes = ~size_t{0}});
  for (const Pair& pair : pairs) {
    rules.add(static_cast<size_t>(&pair - pairs.data()) + 1, pair);
    nlohmann::ordered_json object{{"key", pair.key}};
    if (!pair.picture.empty()) object["image"] = pair.picture.generic_string();
    if (pair.captions.size() == 1) object["caption"] = pair.captions.front();
    if (pair.captions.size() > 1) object["captions"] = pair.captions;
    if (!pair.label.empty()) object["label"] = pair.label;
    text += object.dump() + "\n";
  }
  return text;
}

T2UE_INLINE std::vector<Pair> read_pairs_folder(const std::filesystem::path& folder,
                                                const CaptionLimits& limits) {
  std::vector<Pair> pairs = read_pairs(folder / "pairs.jsonl", limits);
  for (const Pair& pair : pairs) {
    check(!pair.picture.empty(), "captions", folder / "pairs.jsonl", ": \"", pair.key, "\" has no picture");
    check(std::filesystem::is_regular_file(folder / pair.picture), "captions", folder / pair.picture,
          ", the picture of \"", pair.key, "\", is not there");
  }
  return pairs;
}

T2UE_INLINE PairsFolderWriter::PairsFolderWriter(std::filesystem::path folder)
    : folder_(std::move(folder)), taken_{"pairs.jsonl"} {
  make_empty_folder(folder_);
}

T2UE_INLINE void PairsFolderWriter::add(const Pair& pair, std::span<const uint8_t> picture) {
  detail::PairCollector rules({.max_caption_bytes = ~size_t{0}});
  rules.add(pairs_.size() + 1, pair);
  const std::string path = pair.picture.lexically_normal().generic_string();
  check(!pair.key.empty() && !path.empty(), "captions", "the pair \"", pair.key,
        "\" lacks a key or a picture");
  check(!keys_.contains(pair.key), "captions", "the key \"", pair.key, "\" was added before");
  check(!taken_.contains(path), "captions", "the picture \"", path, "\" of \"", pair.key,
        "\" was added before");
  make_folder((folder_ / path).parent_path());
  write_file(folder_ / path, picture, Durability::killed_process);
  keys_.insert(pair.key);
  taken_.insert(path);
  pairs_.push_back(pair);
}

T2UE_INLINE void PairsFolderWriter::commit() {
  check(!pairs_.empty(), "captions", "no pair was added to ", folder_);
  write_file(folder_ / "pairs.jsonl", pairs_to_jsonl(pairs_));
}

}  // namespace t2ue

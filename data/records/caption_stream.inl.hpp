#pragma once

#include <algorithm>
#include <utility>
#include <variant>

#include <t2ue/core/error.hpp>
#include <t2ue/data/records/caption_stream.hpp>
#include <t2ue/data/records/webdataset.hpp>
#include <t2ue/data/text/caption_rows.hpp>
#include <t2ue/data/text/csv.hpp>
#include <t2ue/data/text/text_stream.hpp>

namespace t2ue {
namespace detail {

inline constexpr size_t most_row_bytes = 1 << 20;

/// What a file of captions is by its name.
enum class CaptionForm { jsonl, csv, lines, shard };

inline std::optional<CaptionForm> caption_form(std::string name) {
  if (is_shard_name(name)) return CaptionForm::shard;
  if (name.ends_with(".gz")) name.resize(name.size() - 3);
  if (name.ends_with(".jsonl")) return CaptionForm::jsonl;
  if (name.ends_with(".csv") || name.ends_with(".tsv")) return CaptionForm::csv;
  if (name.ends_with(".txt")) return CaptionForm::lines;
  return std::nullopt;
}

/// An Error's message without its "[where] ".
inline std::string without_where(const Error& error) {
  const std::string text = error.what();
  const size_t end = text.find("] ");
  return text.starts_with('[') && end != std::string::npos ? text.substr(end + 2) : text;
}

/// Rows of text, each the captions of one picture.
class TextRows {
 public:
  TextRows(const std::filesystem::path& file, CaptionForm form, const CaptionLimits& limits)
      : text_(file), file_(file), form_(form), limits_(limits) {
    std::string name = file.filename().string();
    for (const char* ending : {".gz", ".txt"})
      if (name.ends_with(ending)) name.resize(name.size() - std::string(ending).size());
    name_ = name;
  }

  /// The next row; nothing at the end. An Error of one row leaves the next one readable.
  std::optional<Pair> next() {
    while (read_row()) {
      try {
        check(!text_.was_cut() && row_.size() < most_row_bytes, "captions", "line ", first_line_,
              ": the row has more than ", most_row_bytes, " bytes, or a quote that does not end");
        std::optional<Pair> pair = parse();
        if (!pair) continue;
        check_pair(*pair, first_line_, limits_);
        check(!pair->captions.empty(), "captions", "line ", first_line_, ": \"", pair->key,
              "\" has no caption");
        return pair;
      } catch (const Error& error) {
        broken_ =
            broken_ || (form_ == CaptionForm::csv && !columns_);  // without a header nothing makes sense
        fail("captions", file_.string(), ", ", without_where(error));
      }
    }
    return std::nullopt;
  }
  bool broken() const { return broken_; }
  uint64_t position() const { return text_.position(); }

 private:
  /// Puts the text of the next row into row_, false at the end. Rows of CSV may have several lines.
  bool read_row() {
    if (!next_line(row_)) return false;
    ++number_;
    first_line_ = text_.line();
    if (form_ != CaptionForm::csv) return true;
    if (number_ == 1) separator_ = csv_separator(row_);
    CsvRowEnd end(separator_);
    end.feed(row_);
    std::string line;
    while (end.open() && row_.size() < most_row_bytes && next_line(line)) {
      end.feed(line);
      row_ += line;
    }
    return true;
  }

  bool next_line(std::string& line) {
    try {
      return text_.next(line, most_row_bytes);
    } catch (const Error&) {
      broken_ = true;
      throw;
    }
  }

  std::optional<Pair> parse() {
    if (form_ == CaptionForm::jsonl) return pair_of_json_line(row_, first_line_);
    if (form_ == CaptionForm::csv) return parse_csv();
    std::string_view rest = row_;
    const std::string_view line = take_line(rest);
    return Pair{concat(name_, '/', first_line_), "", {std::string(line)}, ""};
  }

  std::optional<Pair> parse_csv() {
    CsvRows rows(row_, separator_, "captions", "", first_line_);
    auto cells = rows.next();
    if (columns_) return columns_->pair(std::move(*cells), first_line_);
    columns_.emplace(*cells);
    return std::nullopt;
  }

  TextStream text_;
  std::filesystem::path file_;
  CaptionForm form_;
  CaptionLimits limits_;
  std::string name_, row_;
  uint64_t number_ = 0, first_line_ = 0;  // of the row; where it begins
  char separator_ = ',';
  std::optional<CsvColumns> columns_;
  bool broken_ = false;
};

/// The samples of a WebDataset shard, each with its captions.
class ShardRows {
 public:
  ShardRows(const std::filesystem::path& file, const CaptionStreamOptions& options)
      : file_(file), limits_(options.limits) {
    dataset_.columns = options.columns;
    try {
      shard_.emplace(file, shard_options(dataset_));
    } catch (const Error&) {  // an archive that cannot be read is reported like a damaged one, by next()
      check(is_file(file), "captions", "cannot open ", file.string());
    }
  }

  std::optional<Pair> next() {
    if (!shard_) shard_.emplace(file_, shard_options(dataset_));
    std::optional<Sample> sample = shard_->next();
    if (!sample) return std::nullopt;
    ++number_;
    const std::string where = concat(file_.string(), ": the sample \"", sample->key, '"');
    Pair pair{sample->key, "", shard_captions(*sample, dataset_.columns, where), ""};
    check(!pair.captions.empty(), "captions", where, " has no caption");
    try {
      check_pair(pair, number_, limits_);
    } catch (const Error& error) {
      fail("captions", where, ": ", without_where(error));
    }
    return pair;
  }
  bool broken() const { return !shard_ || shard_->broken(); }
  uint64_t position() const { return shard_ ? shard_->position() : 0; }

 private:
  std::filesystem::path file_;
  CaptionLimits limits_;
  DatasetOptions dataset_;
  std::optional<ShardReader> shard_;
  uint64_t number_ = 0;
};

}  // namespace detail

struct CaptionStream::State {
  std::variant<std::unique_ptr<detail::TextRows>, std::unique_ptr<detail::ShardRows>> rows;
  bool skip_bad = false, ended = false;
  BadRecords bad;
  Pair row;              // the captions that next() gives out
  size_t given = 0;      // how many of them it has
  std::string last_key;  // of the row before
  int64_t number = 0;    // of the last caption with that key

  /// The next row that has captions, as it is or after leaving out bad ones.
  bool next_row() {
    while (!ended) {
      try {
        std::optional<Pair> next = std::visit([](auto& source) { return source->next(); }, rows);
        if (!next) break;
        if (next->key != last_key) number = 0;
        last_key = next->key;
        row = std::move(*next);
        given = 0;
        return true;
      } catch (const Error& error) {
        if (!skip_bad) throw;
        bad.add(error.what());
        ended = std::visit([](auto& source) { return source->broken(); }, rows);
      }
    }
    ended = true;
    return false;
  }
};

T2UE_INLINE CaptionStream::CaptionStream(const std::filesystem::path& file,
                                         const CaptionStreamOptions& options)
    : state_(std::make_unique<State>()) {
  const std::optional<detail::CaptionForm> form = detail::caption_form(file.filename().string());
  check(
      form.has_value(), "captions", file.string(),
      ": captions are read from .jsonl, .csv, .tsv and .txt, also with .gz, and from .tar, .tar.gz and .tgz");
  state_->skip_bad = options.skip_bad;
  if (*form == detail::CaptionForm::shard)
    state_->rows = std::make_unique<detail::ShardRows>(file, options);
  else
    state_->rows = std::make_unique<detail::TextRows>(file, *form, options.limits);
}

T2UE_INLINE CaptionStream::~CaptionStream() = default;
T2UE_INLINE CaptionStream::CaptionStream(CaptionStream&&) noexcept = default;
T2UE_INLINE CaptionStream& CaptionStream::operator=(CaptionStream&&) noexcept = default;

T2UE_INLINE std::optional<StreamCaption> CaptionStream::next() {
  State& s = *state_;
  if (s.given == s.row.captions.size() && !s.next_row()) return std::nullopt;
  return StreamCaption{s.row.key, std::move(s.row.captions[s.given++]), ++s.number};
}

T2UE_INLINE const BadRecords& CaptionStream::bad() const {
  return state_->bad;
}

T2UE_INLINE uint64_t CaptionStream::position() const {
  return std::visit([](const auto& source) { return source->position(); }, state_->rows);
}

T2UE_INLINE std::vector<std::filesystem::path> caption_files(const std::filesystem::path& path) {
  std::vector<std::filesystem::path> files;
  if (is_folder(path)) {
    for (const std::filesystem::path& entry : sorted_entries(path))
      if (detail::caption_form(entry.filename().string())) files.push_back(entry);
    check(!files.empty(), "captions", "the folder ", path.string(), " holds no file of captions");
    return files;
  }
  if (is_file(path)) return {path};
  for (const std::string& name : expand_braces(path.string())) {
    check(is_file(name), "captions", "there is no file ", name);
    files.emplace_back(name);
  }
  return files;
}

}  // namespace t2ue

// Captioned pictures: lists of pairs in CSV and JSONL, and folders of them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include <t2ue/core/config.hpp>
#include <t2ue/data/text/pair.hpp>

namespace t2ue {

/// Called with what is wrong with a row, "[captions] line N: ...", which is then left out. Without one, the
/// first bad row is an Error.
using BadRow = std::function<void(const std::string& what)>;

/// Reads a CSV text (CsvRows; a tab is the separator if the header has one). The header names the columns, in
/// any order and case: `key`, `image` or `picture` or `filepath`, `caption` or `title`, `label`; others are
/// ignored. Without `key` the picture's path is the key. Rows of one key are one pair with several captions.
/// Order is kept. Throws Error naming the line for: a bad header, and, unless there is `bad`, wrong quoting
/// or cell count, no caption and no label, an empty caption, one over the limit, invalid UTF-8, an absolute
/// path or one with "..", a key with two pictures or labels.
std::vector<Pair> parse_pairs_csv(std::string_view text, const CaptionLimits& limits = {},
                                  const BadRow& bad = {});

/// Reads JSON lines: {"key": ..., "image": ..., "caption": "..." or "captions": ["...", ...], "label": ...},
/// with the same rules and errors as parse_pairs_csv(). Blank lines are skipped; other members are ignored.
std::vector<Pair> parse_pairs_jsonl(std::string_view text, const CaptionLimits& limits = {},
                                    const BadRow& bad = {});

/// Reads a list from a file ending in .csv, .tsv or .jsonl. Errors, and what `bad` is told, name the file.
std::vector<Pair> read_pairs(const std::filesystem::path& file, const CaptionLimits& limits = {},
                             const BadRow& bad = {});

/// The JSON lines of a list; parse_pairs_jsonl() gives the list back.
std::string pairs_to_jsonl(std::span<const Pair> pairs);

/// Reads `folder`/pairs.jsonl, and checks that every pair has a picture and that the file is there.
std::vector<Pair> read_pairs_folder(const std::filesystem::path& folder, const CaptionLimits& limits = {});

/// Writes a folder of pairs: pictures first, `pairs.jsonl` at the very end, so that a folder whose writing
/// was interrupted has none and is not taken for a whole one. Not thread-safe.
class PairsFolderWriter {
 public:
  /// Creates `folder`. Throws Error if it is there and not empty, or cannot be made.
  explicit PairsFolderWriter(std::filesystem::path folder);
  /// Writes the encoded picture to `folder`/`pair.picture` (folders are made) and remembers the pair.
  /// Throws Error for a key or picture that was added before, and by the rules of parse_pairs_jsonl().
  void add(const Pair& pair, std::span<const uint8_t> picture);
  /// Writes pairs.jsonl.
  void commit();

 private:
  std::filesystem::path folder_;
  std::vector<Pair> pairs_;
  std::unordered_set<std::string> keys_, taken_;  // taken_: the files
};

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/data/text/captions.inl.hpp>
#endif

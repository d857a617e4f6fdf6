// Captions of files that do not fit into memory: lists, plain lines and WebDataset shards, one at a time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <t2ue/core/config.hpp>
#include <t2ue/data/records/dataset_index.hpp>

namespace t2ue {

/// One caption of a stream.
struct StreamCaption {
  std::string key;      ///< of its picture: a relative path
  std::string caption;  ///< UTF-8, not empty
  int64_t number = 1;   ///< which of the captions in a row that have this key, from 1
};

struct CaptionStreamOptions {
  std::vector<std::string> columns;  ///< WebDataset: see DatasetOptions
  bool skip_bad = false;             ///< leave out and count what cannot be read
  CaptionLimits limits;
};

/// Reads the captions of one file, in order, in constant memory:
///   .jsonl, .csv, .tsv    by the rules of parse_pairs_jsonl() and parse_pairs_csv(); a row is at most 1 MiB
///   .txt                  a caption a line; its key is NAME/LINE, NAME being the file's without endings
///   .tar, .tar.gz, .tgz   WebDataset; pictures are read over
/// The first two also as .gz. Rows of one key are one picture's only if they follow each other.
class CaptionStream {
 public:
  /// Throws Error if the file cannot be opened or its ending is none of these.
  explicit CaptionStream(const std::filesystem::path& file, const CaptionStreamOptions& options = {});
  ~CaptionStream();
  CaptionStream(CaptionStream&&) noexcept;
  CaptionStream& operator=(CaptionStream&&) noexcept;

  /// The next caption; nothing at the end. Throws Error naming file and line (or row, or sample) for what is
  /// malformed, for a row without a caption, and for a file that is damaged or cut off. With skip_bad these
  /// are counted, and reading goes on behind them; where it cannot, the file ends there.
  std::optional<StreamCaption> next();
  /// What was left out.
  const BadRecords& bad() const;
  /// Bytes read of the file as it is, compressed or not; reading ahead counts.
  uint64_t position() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The files that `path` stands for: a file, a folder with files that CaptionStream reads (in the order of
/// their names), or a pattern NAME-{000..123}.jsonl. Throws Error if there are none or one is not there.
std::vector<std::filesystem::path> caption_files(const std::filesystem::path& path);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/data/records/caption_stream.inl.hpp>
#endif

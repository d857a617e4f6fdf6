// The lines of a text file, plain or gzip, in constant memory.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <t2ue/core/config.hpp>
#include <t2ue/data/text/gzip.hpp>

namespace t2ue {

/// Reads a file from its beginning to its end. What is gzip is told by its first bytes.
class TextStream {
 public:
  /// Throws Error if the file cannot be opened.
  explicit TextStream(const std::filesystem::path& path);
  ~TextStream();
  TextStream(const TextStream&) = delete;
  TextStream& operator=(const TextStream&) = delete;

  /// Puts the next line, with its line break (LF, CRLF or CR), into `line`; false at the end. Of a line
  /// longer than `limit` bytes only that many are kept: see was_cut(). A byte order mark at the beginning is
  /// left out. Throws Error naming the file if it cannot be read, or is damaged or cut off gzip.
  bool next(std::string& line, size_t limit);
  /// Whether the last line was longer than its limit.
  bool was_cut() const { return cut_; }
  /// The number of the last line, from 1.
  uint64_t line() const { return line_; }
  /// Bytes read of the file as it is, compressed or not.
  uint64_t position() const { return position_; }

 private:
  std::string_view read_block();
  bool fill();

  std::filesystem::path path_;
  int descriptor_ = -1;
  std::vector<char> block_, text_;  // of the file, and inflated
  std::unique_ptr<GunzipStream> gzip_;
  std::string_view rest_;  // read and not yet given out
  std::optional<std::string_view> first_;
  bool cut_ = false;
  uint64_t line_ = 0, position_ = 0;
};

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/data/text/text_stream.inl.hpp>
#endif

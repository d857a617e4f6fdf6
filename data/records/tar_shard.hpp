// WebDataset shards: tar archives in which consecutive files of one key make a sample (key.jpg, key.txt,
// ...).
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <t2ue/core/config.hpp>

namespace t2ue {

/// Where a part that was not read lies.
struct PartPlace {
  std::string path;     ///< of its member
  uint64_t offset = 0;  ///< of its first byte in the archive, uncompressed
  uint64_t bytes = 0;
};

/// One item of a shard. The key is a member's path up to the first dot of its file name; the rest,
/// lower-cased and without that dot, is the extension.
struct Sample {
  std::string key;
  std::map<std::string, std::vector<uint8_t>> parts;  ///< bytes by extension
  std::map<std::string, PartPlace> unread = {};       ///< parts that ShardOptions::wanted refused
};

struct ShardOptions {
  std::vector<std::string> required = {};           ///< extensions that every sample must have
  uint64_t max_sample_bytes = uint64_t{256} << 20;  ///< all parts of one sample together
  /// Whether the bytes of parts with this extension are wanted; empty: all are. Others are read over, which
  /// costs next to nothing in a .tar.
  std::function<bool(const std::string& extension)> wanted = {};
};

/// Reads a .tar or .tar.gz shard, one sample at a time: memory does not grow with the shard.
class ShardReader {
 public:
  explicit ShardReader(const std::filesystem::path& path, ShardOptions options = {});
  /// Reads an archive in memory; `bytes` must outlive the reader.
  explicit ShardReader(std::span<const uint8_t> bytes, ShardOptions options = {});
  ~ShardReader();
  ShardReader(ShardReader&&) noexcept;
  ShardReader& operator=(ShardReader&&) noexcept;

  /// The next sample; nothing at the end. Throws Error for a truncated or damaged archive, an absolute path
  /// or one with "..", a link, a part given twice, a sample declared larger than the limit (before any of it
  /// is read), a part with holes (a sparse file) that is not wanted, and a sample that lacks a required part.
  /// After that last error, and only that, next() goes on behind it.
  std::optional<Sample> next();

  /// Whether next() has met an error behind which it cannot go on, and throws again whenever it is called.
  bool broken() const;
  /// Bytes read of the archive as it is, compressed or not; what was read over counts.
  uint64_t position() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Writes a shard. It appears under its name only with commit(), whole; the same samples give the same bytes.
class ShardWriter {
 public:
  /// Compresses if the name ends in "gz". Throws Error if the folder cannot be written.
  explicit ShardWriter(const std::filesystem::path& path);
  ~ShardWriter();
  ShardWriter(ShardWriter&&) noexcept;
  ShardWriter& operator=(ShardWriter&&) noexcept;

  /// Throws Error for a sample without parts, a key that was just written, a key or extension that would not
  /// be read back as it is (a dot in the key's file name, upper case or '/' in an extension, a path that
  /// climbs out), and a full disk.
  void add(const Sample& sample);
  void commit();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/data/records/tar_shard.inl.hpp>
#endif

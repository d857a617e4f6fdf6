#pragma once

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <fstream>
#include <utility>

#include <t2ue/core/atomic_file.hpp>
#include <t2ue/core/error.hpp>
#include <t2ue/core/paths.hpp>
#include <t2ue/data/records/tar_shard.hpp>

namespace t2ue {
namespace detail {

struct ArchiveFree {
  void operator()(archive* handle) const { archive_free(handle); }
  void operator()(archive_entry* entry) const { archive_entry_free(entry); }
};

/// Where the extension begins in a member's path: at the first dot of its file name.
inline size_t extension_dot(const std::string& path) {
  return path.find('.', path.find_last_of('/') + 1);
}

}  // namespace detail

struct ShardReader::State {
  std::unique_ptr<archive, detail::ArchiveFree> handle{archive_read_new()};
  std::string name;
  ShardOptions options;
  bool whole =
      true;  // an uncompressed archive ends with a block of zeros, which libarchive does not insist on
  uint64_t file_bytes = 0;  // of the archive as it is, compressed or not
  bool ended = false;
  std::string broken;           // the error that ended the reading, thrown again from then on
  std::optional<Sample> begun;  // a sample whose last part is not known to be read yet
  uint64_t begun_bytes = 0;

  State(std::string shard_name, ShardOptions shard_options)
      : name(std::move(shard_name)), options(std::move(shard_options)) {
    check(handle != nullptr, "shard", "out of memory");
    archive_read_support_filter_gzip(handle.get());
    archive_read_support_format_tar(handle.get());
  }

  void opened(int status) {
    check(status == ARCHIVE_OK, "shard", name, " cannot be opened as .tar or .tar.gz: ", reason());
  }

  std::string reason() const {
    const char* text = archive_error_string(handle.get());
    return text ? text : "not a tar archive";
  }

  void see_end(std::span<const uint8_t> tail, uint64_t bytes) {
    file_bytes = bytes;
    whole =
        tail.size() == 512 && std::all_of(tail.begin(), tail.end(), [](uint8_t byte) { return byte == 0; });
  }

  /// The path of the next regular member, of which `entry` is the header; nothing at the end.
  std::optional<std::string> next_member(archive_entry*& entry) {
    for (;;) {
      const int status = archive_read_next_header(handle.get(), &entry);
      if (status == ARCHIVE_EOF) {
        check(whole || archive_filter_code(handle.get(), 0) != ARCHIVE_FILTER_NONE, "shard", name,
              " is truncated: it has no end mark");
        return std::nullopt;
      }
      check(status == ARCHIVE_OK || status == ARCHIVE_WARN, "shard", name,
            " is damaged or truncated: ", reason());
      const char* raw = archive_entry_pathname(entry);
      if (!raw) raw = archive_entry_pathname_utf8(entry);
      check(raw != nullptr, "shard", name, " has a member whose name cannot be read; use UTF-8");
      std::string path = raw;
      while (path.starts_with("./")) path.erase(0, 2);
      if (archive_entry_filetype(entry) == AE_IFDIR) continue;
      check_inside(path, "shard", concat(name, ": the member "));
      check(archive_entry_filetype(entry) == AE_IFREG && !archive_entry_hardlink(entry), "shard", name,
            ": the member \"", path, "\" is a link or a device, not a file");
      return path;
    }
  }

  uint64_t declared_bytes(const std::string& path, archive_entry* entry) {
    const auto declared = static_cast<uint64_t>(std::max<int64_t>(0, archive_entry_size(entry)));
    check(declared <= options.max_sample_bytes - begun_bytes, "shard", name, ": the member \"", path,
          "\" declares ", declared, " bytes, and its sample may have ", options.max_sample_bytes);
    begun_bytes += declared;
    return declared;
  }

  PartPlace place_of_member(const std::string& path, archive_entry* entry) {
    const uint64_t declared = declared_bytes(path, entry);
    check(archive_entry_sparse_count(entry) == 0, "shard", name, ": the member \"", path,
          "\" is a sparse file; write the archive without --sparse");
    // The header has been taken from the stream, and nothing of the content.
    const auto offset = static_cast<uint64_t>(archive_filter_bytes(handle.get(), 0));
    const bool compressed = archive_filter_code(handle.get(), 0) != ARCHIVE_FILTER_NONE;
    check(compressed || (offset <= file_bytes && declared <= file_bytes - offset), "shard", name,
          " is truncated in the member \"", path, "\"");
    return {path, offset, declared};
  }

  std::vector<uint8_t> read_member(const std::string& path, archive_entry* entry) {
    const uint64_t declared = declared_bytes(path, entry);
    std::vector<uint8_t> bytes;
    while (bytes.size() < declared) {  // in steps: memory follows what is there, not what is declared
      const size_t have = bytes.size();
      bytes.resize(have + std::min<uint64_t>(declared - have, 1 << 20));
      const la_ssize_t got = archive_read_data(handle.get(), bytes.data() + have, bytes.size() - have);
      check(got > 0, "shard", name, " is damaged or truncated in the member \"", path,
            "\": ", got < 0 ? reason() : "it ends early");
      bytes.resize(have + static_cast<size_t>(got));
    }
    return bytes;
  }

  /// Adds one member to the sample begun; returns the one before it if that has become complete.
  std::optional<Sample> take(const std::string& path, archive_entry* entry) {
    const size_t dot = detail::extension_dot(path);
    check(dot != std::string::npos && dot + 1 < path.size() && dot > path.find_last_of('/') + 1, "shard",
          name, ": the member \"", path, "\" is not named KEY.EXTENSION");
    const std::string key = path.substr(0, dot);
    std::string extension = path.substr(dot + 1);
    std::transform(extension.begin(), extension.end(), extension.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    std::optional<Sample> finished;
    if (begun && begun->key != key) finished = std::exchange(begun, std::nullopt);
    if (!begun) {
      begun = Sample{key, {}, {}};
      begun_bytes = 0;
    }
    try {
      check(!begun->parts.contains(extension) && !begun->unread.contains(extension), "shard", name,
            ": the sample \"", key, "\" has two parts \"", extension, "\"");
      if (!options.wanted || options.wanted(extension))
        begun->parts[extension] = read_member(path, entry);
      else
        begun->unread[extension] = place_of_member(path, entry);
    } catch (const Error& error) {
      if (!finished) throw;
      broken = error.what();  // of the next sample: this one is whole
    }
    return finished;
  }

  std::optional<Sample> next_sample() {
    while (!ended) {
      archive_entry* entry = nullptr;
      if (const std::optional<std::string> path = next_member(entry)) {
        if (std::optional<Sample> finished = take(*path, entry)) return finished;
      } else {
        ended = true;
      }
    }
    return std::exchange(begun, std::nullopt);
  }
};

T2UE_INLINE ShardReader::ShardReader(const std::filesystem::path& path, ShardOptions options)
    : state_(std::make_unique<State>(path.string(), std::move(options))) {
  std::ifstream file(path, std::ios::binary);
  check(file.good(), "shard", "cannot open ", path);
  uint8_t tail[512] = {};
  file.seekg(-512, std::ios::end);
  file.read(reinterpret_cast<char*>(tail), 512);
  const auto read = static_cast<size_t>(file.good() ? 512 : 0);
  file.clear();
  file.seekg(0, std::ios::end);
  state_->see_end(std::span(tail, read), static_cast<uint64_t>(std::max<std::streamoff>(0, file.tellg())));
  state_->opened(archive_read_open_filename(state_->handle.get(), path.c_str(), 1 << 16));
}

T2UE_INLINE ShardReader::ShardReader(std::span<const uint8_t> bytes, ShardOptions options)
    : state_(std::make_unique<State>("the archive", std::move(options))) {
  state_->see_end(bytes.size() < 512 ? std::span<const uint8_t>() : bytes.last(512), bytes.size());
  state_->opened(archive_read_open_memory(state_->handle.get(), bytes.data(), bytes.size()));
}

T2UE_INLINE ShardReader::~ShardReader() = default;
T2UE_INLINE ShardReader::ShardReader(ShardReader&&) noexcept = default;
T2UE_INLINE ShardReader& ShardReader::operator=(ShardReader&&) noexcept = default;

T2UE_INLINE std::optional<Sample> ShardReader::next() {
  if (!state_->broken.empty()) throw Error(state_->broken);
  std::optional<Sample> sample;
  try {
    sample = state_->next_sample();
  } catch (const Error& error) {
    state_->broken = error.what();
    throw;
  }
  if (!sample) return sample;
  for (const std::string& extension : state_->options.required)
    check(sample->parts.contains(extension) || sample->unread.contains(extension), "shard", state_->name,
          ": the sample \"", sample->key, "\" has no part \"", extension, "\"");
  return sample;
}

T2UE_INLINE bool ShardReader::broken() const {
  return !state_->broken.empty();
}

T2UE_INLINE uint64_t ShardReader::position() const {
  return static_cast<uint64_t>(std::max<int64_t>(0, archive_filter_bytes(state_->handle.get(), -1)));
}

struct ShardWriter::State {
  AtomicFile file;
  std::string name, failure, last_key;
  std::unique_ptr<archive, detail::ArchiveFree> handle{archive_write_new()};  // destroyed before `file`

  explicit State(const std::filesystem::path& path) : file(path), name(path.string()) {}

  void done(int status) {
    if (!failure.empty()) throw Error(failure);
    check(status == ARCHIVE_OK, "shard", "cannot write ", name, ": ", archive_error_string(handle.get()));
  }

  /// Called by libarchive, through which no exception may pass.
  static la_ssize_t write(archive*, void* self, const void* bytes, size_t count) {
    auto& state = *static_cast<State*>(self);
    try {
      state.file.write(bytes, count);
      return static_cast<la_ssize_t>(count);
    } catch (const Error& error) {
      state.failure = error.what();
      return -1;
    }
  }
};

T2UE_INLINE ShardWriter::ShardWriter(const std::filesystem::path& path)
    : state_(std::make_unique<State>(path)) {
  archive* handle = state_->handle.get();
  check(handle != nullptr, "shard", "out of memory");
  state_->done(
      archive_write_set_format_pax_restricted(handle));  // ustar, extended only where a name needs it
  if (path.string().ends_with("gz")) {
    state_->done(archive_write_add_filter_gzip(handle));
    state_->done(archive_write_set_options(handle, "gzip:!timestamp"));
  }
  state_->done(archive_write_set_bytes_in_last_block(handle, 1));  // no padding to 10 KiB
  state_->done(archive_write_open(handle, state_.get(), nullptr, State::write, nullptr));
}

T2UE_INLINE ShardWriter::~ShardWriter() = default;
T2UE_INLINE ShardWriter::ShardWriter(ShardWriter&&) noexcept = default;
T2UE_INLINE ShardWriter& ShardWriter::operator=(ShardWriter&&) noexcept = default;

T2UE_INLINE void ShardWriter::add(const Sample& sample) {
  check_inside(sample.key, "shard", "the key ");
  check(detail::extension_dot(sample.key) == std::string::npos && sample.key.back() != '/', "shard",
        "the key \"", sample.key,
        "\" has a dot in its file name, or none at all; a shard would cut it there");
  check(!sample.parts.empty(), "shard", "the sample \"", sample.key, "\" has no parts");
  check(sample.key != state_->last_key, "shard", "two samples in a row have the key \"", sample.key, "\"");
  for (const auto& [extension, bytes] : sample.parts) {
    const bool plain = std::none_of(extension.begin(), extension.end(),
                                    [](char c) { return c == '/' || (c >= 'A' && c <= 'Z'); });
    check(!extension.empty() && plain, "shard", "the extension \"", extension, "\" of \"", sample.key,
          "\" is empty or has upper case or '/'");
    const std::string path = sample.key + "." + extension;
    check_inside(path, "shard", "the path ");
    const std::unique_ptr<archive_entry, detail::ArchiveFree> entry(archive_entry_new());
    archive_entry_set_pathname(entry.get(), path.c_str());
    archive_entry_set_size(entry.get(), static_cast<la_int64_t>(bytes.size()));
    archive_entry_set_filetype(entry.get(), AE_IFREG);
    archive_entry_set_perm(entry.get(), 0644);
    archive_entry_set_mtime(entry.get(), 0, 0);
    const int status = archive_write_header(state_->handle.get(), entry.get());
    state_->done(status == ARCHIVE_WARN ? ARCHIVE_OK : status);  // it warns of names that are not ASCII
    const la_ssize_t written = archive_write_data(state_->handle.get(), bytes.data(), bytes.size());
    state_->done(written == static_cast<la_ssize_t>(bytes.size()) ? ARCHIVE_OK : ARCHIVE_FATAL);
  }
  state_->last_key = sample.key;
}

T2UE_INLINE void ShardWriter::commit() {
  state_->done(archive_write_close(state_->handle.get()));
  state_->file.commit();
}

}  // namespace t2ue

#pragma once

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <fstream>
#include <mutex>

#include <t2ue/core/atomic_file.hpp>
#include <t2ue/core/error.hpp>
#include <t2ue/data/image/resize_image.hpp>
#include <t2ue/data/records/picture_reader.hpp>

namespace t2ue {
namespace detail {

/// A compressed file as one stream of bytes, of which the last ones stay readable.
class InflatedFile {
 public:
  explicit InflatedFile(std::filesystem::path path) : path_(std::move(path)) {}

  /// `count` bytes at `offset` of the uncompressed stream.
  std::vector<uint8_t> read(uint64_t offset, uint64_t count) {
    const std::lock_guard lock(mutex_);
    if (!handle_ || offset < kept_from_) start();
    if (offset > kept_from_ + kept_.size()) skip_to(offset);
    while (kept_from_ + kept_.size() < offset + count) grow();
    const auto first = kept_.begin() + static_cast<ptrdiff_t>(offset - kept_from_);
    std::vector<uint8_t> bytes(first, first + static_cast<ptrdiff_t>(count));
    if (kept_.size() > 2 * window) drop(kept_.size() - window);
    return bytes;
  }

 private:
  static constexpr size_t window = size_t{32} << 20, step = size_t{1} << 16;

  struct Free {
    void operator()(archive* handle) const { archive_free(handle); }
  };

  void start() {
    handle_.reset(archive_read_new());
    kept_.clear();
    kept_from_ = 0;
    archive_entry* entry = nullptr;
    const bool open = handle_ != nullptr && archive_read_support_filter_gzip(handle_.get()) == ARCHIVE_OK &&
                      archive_read_support_format_raw(handle_.get()) == ARCHIVE_OK &&
                      archive_read_open_filename(handle_.get(), path_.c_str(), step) == ARCHIVE_OK &&
                      archive_read_next_header(handle_.get(), &entry) == ARCHIVE_OK;
    if (!open) broken();
  }

  [[noreturn]] void broken() {
    const char* reason = handle_ ? archive_error_string(handle_.get()) : nullptr;
    const std::string text = reason ? reason : "it ends early";
    handle_.reset();
    fail("dataset", path_.string(), " is damaged or truncated: ", text);
  }

  void grow() {
    const size_t have = kept_.size();
    kept_.resize(have + step);
    const la_ssize_t got = archive_read_data(handle_.get(), kept_.data() + have, step);
    kept_.resize(have + static_cast<size_t>(std::max<la_ssize_t>(got, 0)));
    if (got <= 0) broken();
  }

  void skip_to(uint64_t offset) {
    while (kept_from_ + kept_.size() < offset) {
      grow();
      if (kept_.size() > 2 * window) drop(kept_.size() - window);
    }
  }

  void drop(size_t count) {
    kept_.erase(kept_.begin(), kept_.begin() + static_cast<ptrdiff_t>(count));
    kept_from_ += count;
  }

  std::filesystem::path path_;
  std::mutex mutex_;  // guards what follows
  std::unique_ptr<archive, Free> handle_;
  std::vector<uint8_t> kept_;
  uint64_t kept_from_ = 0;
};

inline std::vector<uint8_t> read_range(const std::filesystem::path& path, uint64_t offset, uint64_t count) {
  std::ifstream file(path, std::ios::binary);
  check(file.good(), "dataset", "cannot open ", path.string());
  std::vector<uint8_t> bytes(count);
  file.seekg(static_cast<std::streamoff>(offset));
  file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(count));
  check(file.good(), "dataset", path.string(), " ends before byte ", offset + count);
  return bytes;
}

}  // namespace detail

/// Archives that are open: only a few at a time, each with its window.
struct PictureReader::State {
  explicit State(const DatasetIndex& dataset) : index(dataset) {}

  static constexpr size_t most_open = 4;
  const DatasetIndex& index;
  std::mutex mutex;                                                              // guards `open`
  std::vector<std::pair<uint32_t, std::shared_ptr<detail::InflatedFile>>> open;  // the last used at the end

  std::shared_ptr<detail::InflatedFile> archive_of(uint32_t source) {
    const std::lock_guard lock(mutex);
    const auto found =
        std::find_if(open.begin(), open.end(), [&](const auto& entry) { return entry.first == source; });
    if (found != open.end())
      std::rotate(found, found + 1, open.end());
    else
      open.emplace_back(source, std::make_shared<detail::InflatedFile>(index.sources.at(source)));
    if (open.size() > most_open) open.erase(open.begin());
    return open.back().second;
  }

  std::vector<uint8_t> bytes_of(const PictureAt& at) {
    const std::filesystem::path& source = index.sources.at(at.source);
    if (at.form == PictureForm::file) return read_file(source / at.name, DecodeLimits{}.max_file_bytes);
    if (source.string().ends_with("gz")) return archive_of(at.source)->read(at.offset, at.bytes);
    return detail::read_range(source, at.offset, at.bytes);
  }

  /// What `decode` makes of a record's bytes; raw pixels come as they are.
  template <class Decode>
  auto decoded(size_t record, const Decode& decode) -> decltype(decode({})) {
    check(record < index.records.size(), "dataset", "record ", record, " is outside 0..",
          index.records.size());
    const Record& item = index.records[record];
    const PictureAt& at = item.picture;
    check(at.form != PictureForm::none, "dataset", "\"", item.key, "\" has no picture");
    const std::vector<uint8_t> bytes = bytes_of(at);
    if (at.form == PictureForm::raw) return {image_of_raw(index.raw, bytes)};
    try {
      return decode(bytes);
    } catch (const Error& error) {
      const std::string reason(std::string_view(error.what()).substr(std::string_view("[image] ").size()));
      const std::filesystem::path& source = index.sources.at(at.source);
      if (at.form == PictureForm::file) fail("image", source / at.name, ": ", reason);
      fail("image", source.string(), ": ", at.name, ": ", reason);
    }
  }
};

T2UE_INLINE PictureReader::PictureReader(const DatasetIndex& index)
    : state_(std::make_unique<State>(index)) {}

T2UE_INLINE PictureReader::~PictureReader() = default;

T2UE_INLINE Image PictureReader::read(size_t record) const {
  return state_->decoded(record, [](std::span<const uint8_t> bytes) { return decode_image(bytes); });
}

T2UE_INLINE Image PictureReader::read_resized(size_t record, int height, int width) const {
  ReducedImage picture = state_->decoded(
      record, [&](std::span<const uint8_t> bytes) { return decode_reduced(bytes, height, width); });
  if (picture.image.channels == 4) picture.image = drop_alpha(picture.image);
  return resize_image(picture, height, width);
}

T2UE_INLINE Image image_of_raw(const RawLayout& layout, std::span<const uint8_t> bytes) {
  Image image{layout.height, layout.width, 3, {}, {}, {}, 1};
  const auto height = static_cast<size_t>(layout.height), width = static_cast<size_t>(layout.width);
  image.pixels.resize(bytes.size());
  check_image(image);
  for (size_t c = 0; c < 3; ++c)
    for (size_t y = 0; y < height; ++y)
      for (size_t x = 0; x < width; ++x)
        image.pixels[(y * width + x) * 3 + c] =
            bytes[c * height * width + (layout.columns ? x * height + y : y * width + x)];
  return image;
}

}  // namespace t2ue

#pragma once

#include <algorithm>
#include <cstring>
#include <fstream>
#include <functional>
#include <memory>
#include <queue>
#include <system_error>
#include <utility>

#include <t2ue/core/atomic_file.hpp>
#include <t2ue/core/error.hpp>
#include <t2ue/core/folders.hpp>
#include <t2ue/core/sha256.hpp>
#include <t2ue/noise/key_index.hpp>

namespace t2ue {
namespace detail {

inline constexpr size_t place_bytes = sizeof(KeyPlace);
static_assert(place_bytes == 28 && std::has_unique_object_representations_v<KeyPlace>,
              "places are written as they lie in memory");

/// The places of one run, in order.
class RunReader {
 public:
  explicit RunReader(const std::filesystem::path& path) : path_(path), file_(path, std::ios::binary) {
    check(file_.good(), "index", "cannot open ", path.string());
  }
  std::optional<KeyPlace> next() {
    KeyPlace place;
    file_.read(reinterpret_cast<char*>(&place), place_bytes);
    if (file_.gcount() == 0 && file_.eof()) return std::nullopt;
    check(file_.good(), "index", "cannot read ", path_.string());
    return place;
  }

 private:
  std::filesystem::path path_;
  std::ifstream file_;
};

/// Gives the places of all runs in order.
inline void merge_runs(std::span<const std::filesystem::path> paths,
                       const std::function<void(const KeyPlace&)>& take) {
  std::vector<std::unique_ptr<RunReader>> runs;
  using Head = std::pair<KeyPlace, size_t>;  // the next place of a run, and which
  std::priority_queue<Head, std::vector<Head>, std::greater<>> heads;
  for (const std::filesystem::path& path : paths) {
    runs.push_back(std::make_unique<RunReader>(path));
    if (const auto place = runs.back()->next()) heads.emplace(*place, runs.size() - 1);
  }
  while (!heads.empty()) {
    const auto [place, run] = heads.top();
    heads.pop();
    take(place);
    if (const auto next = runs[run]->next()) heads.emplace(*next, run);
  }
}

/// Collects places into blocks before they are written.
template <class Write>
class PlaceBuffer {
 public:
  explicit PlaceBuffer(Write write) : write_(std::move(write)) { block_.reserve(2048); }
  void add(const KeyPlace& place) {
    block_.push_back(place);
    if (block_.size() == 2048) flush();
  }
  void flush() {
    write_(std::as_bytes(std::span(block_)));
    block_.clear();
  }

 private:
  Write write_;
  std::vector<KeyPlace> block_;
};

}  // namespace detail

T2UE_INLINE KeyHash key_hash(std::string_view key) {
  const std::array<uint8_t, 32> digest = Sha256().update(key).digest();
  KeyHash hash;
  std::copy_n(digest.begin(), hash.size(), hash.begin());
  return hash;
}

T2UE_INLINE KeySorter::KeySorter(std::filesystem::path folder, const Sizes& sizes)
    : folder_(std::move(folder)), sizes_(sizes) {
  std::error_code code;
  std::filesystem::remove_all(folder_, code);
  make_folder(folder_);
}

T2UE_INLINE KeySorter::~KeySorter() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

T2UE_INLINE void KeySorter::add(const KeyPlace& place) {
  if (buffer_.capacity() == 0) buffer_.reserve(sizes_.run);
  buffer_.push_back(place);
  ++count_;
  if (buffer_.size() == sizes_.run) write_run();
}

T2UE_INLINE void KeySorter::write_run() {
  if (buffer_.empty()) return;
  std::sort(buffer_.begin(), buffer_.end());
  runs_.push_back(folder_ / concat("run-", files_++));
  const auto* bytes = reinterpret_cast<const uint8_t*>(buffer_.data());
  write_file(runs_.back(), std::span(bytes, buffer_.size() * detail::place_bytes),
             Durability::killed_process);
  buffer_.clear();
}

T2UE_INLINE void KeySorter::merge(std::span<const std::filesystem::path> runs,
                                  const std::filesystem::path& to) {
  AtomicFile file(to);
  detail::PlaceBuffer buffer(
      [&](std::span<const std::byte> bytes) { file.write(bytes.data(), bytes.size()); });
  detail::merge_runs(runs, [&](const KeyPlace& place) { buffer.add(place); });
  buffer.flush();
  file.commit(Durability::killed_process);
  std::error_code code;
  for (const std::filesystem::path& run : runs) std::filesystem::remove(run, code);
  check(!code, "index", "cannot remove a run in ", folder_.string(), ": ", code.message());
}

T2UE_INLINE KeySorter::Duplicates KeySorter::finish(const std::filesystem::path& index) {
  write_run();
  while (runs_.size() > sizes_.at_a_time) {
    std::vector<std::filesystem::path> longer;
    for (size_t from = 0; from < runs_.size(); from += sizes_.at_a_time) {
      const auto part = std::span(runs_).subspan(from, std::min(sizes_.at_a_time, runs_.size() - from));
      longer.push_back(folder_ / concat("run-", files_++));
      merge(part, longer.back());
    }
    runs_ = std::move(longer);
  }
  std::optional<SafetensorsStream> file;
  if (!index.empty())
    file.emplace(index, std::vector<SafetensorsPlace>{
                            {"places", SafetensorsType::U8, {static_cast<int64_t>(count_), 28}}});
  detail::PlaceBuffer buffer([&](std::span<const std::byte> bytes) {
    if (file) file->write(bytes);
  });
  Duplicates duplicates;
  std::optional<KeyPlace> before;  // the first item of its key
  detail::merge_runs(runs_, [&](const KeyPlace& place) {
    buffer.add(place);
    if (before && before->hash == place.hash) {
      ++duplicates.count;
      if (duplicates.first.size() < 20) duplicates.first.push_back({*before, place});
    } else {
      before = place;
    }
  });
  buffer.flush();
  if (file) file->commit();
  return duplicates;
}

T2UE_INLINE KeyIndex::KeyIndex(SafetensorsFile file) : file_(std::move(file)) {
  const SafetensorsView& view = file_.at("places");
  check(view.dtype == SafetensorsType::U8 && view.shape.size() == 2 && view.shape[1] == 28, "index",
        "the places are not U8 [count, 28]; remove the index, and t2ue noise-shards makes it anew");
  places_ = view.bytes;
  count_ = places_.size() / detail::place_bytes;
}

T2UE_INLINE std::optional<KeyPlace> KeyIndex::find(const KeyHash& hash) const {
  const auto at = [&](uint64_t number) {
    KeyPlace place;
    std::memcpy(&place, places_.data() + number * detail::place_bytes, detail::place_bytes);
    return place;
  };
  uint64_t low = 0, high = count_;  // the first that is not below lies in low..high
  while (low < high) {
    const uint64_t middle = low + (high - low) / 2;
    if (at(middle).hash < hash)
      low = middle + 1;
    else
      high = middle;
  }
  if (low == count_) return std::nullopt;
  const KeyPlace found = at(low);
  return found.hash == hash ? std::optional(found) : std::nullopt;
}

}  // namespace t2ue

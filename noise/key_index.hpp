// An index of very many keys: sorted by hash on disk, looked up in a mapped file.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <t2ue/core/config.hpp>
#include <t2ue/core/safetensors.hpp>

namespace t2ue {

/// The first 16 bytes of a key's SHA-256: among 10^12 keys two are alike by chance once in 10^15 times.
using KeyHash = std::array<uint8_t, 16>;
KeyHash key_hash(std::string_view key);

/// Where the noise of a key lies: item `item` of chunk `chunk` of caption file `source`.
struct KeyPlace {
  KeyHash hash = {};
  uint32_t source = 0;
  uint32_t chunk = 0;
  uint32_t item = 0;

  bool operator==(const KeyPlace&) const = default;
  /// By hash, then in the order of the captions.
  bool operator<(const KeyPlace& other) const {
    return std::tie(hash, source, chunk, item) < std::tie(other.hash, other.source, other.chunk, other.item);
  }
};

/// Two items with one key.
struct DuplicateKey {
  KeyPlace first, second;
};

/// Sorts places on disk, in constant memory: sorted runs, of which a few at a time are merged.
class KeySorter {
 public:
  struct Sizes {
    size_t run = 75'000;     ///< places in a run: 2 MB
    size_t at_a_time = 128;  ///< runs merged at once
  };
  /// `folder` takes the runs (28 bytes a key, a little more while they are merged); it is made anew and
  /// removed at the end. Throws Error as files do.
  KeySorter(std::filesystem::path folder, const Sizes& sizes);
  explicit KeySorter(std::filesystem::path folder) : KeySorter(std::move(folder), Sizes()) {}
  ~KeySorter();
  KeySorter(const KeySorter&) = delete;
  KeySorter& operator=(const KeySorter&) = delete;

  void add(const KeyPlace& place);
  uint64_t count() const { return count_; }

  struct Duplicates {
    uint64_t count = 0;               ///< items whose key an earlier item has
    std::vector<DuplicateKey> first;  ///< the first 20
  };
  /// Writes the sorted places (see KeyIndex) to `index`, or nowhere if that is empty. Nothing can be added
  /// afterwards.
  Duplicates finish(const std::filesystem::path& index);

 private:
  void write_run();
  void merge(std::span<const std::filesystem::path> runs, const std::filesystem::path& to);

  std::filesystem::path folder_;
  Sizes sizes_;
  std::vector<KeyPlace> buffer_;
  std::vector<std::filesystem::path> runs_;
  uint64_t count_ = 0, files_ = 0;
};

/// A file of sorted places: safetensors with "places", U8 [count, 28]: the hash, then source, chunk and item,
/// little-endian. It is mapped, so that a look-up touches a few pages of it.
class KeyIndex {
 public:
  /// Throws Error if the file is not one.
  explicit KeyIndex(SafetensorsFile file);

  uint64_t count() const { return count_; }
  /// The first place of that hash; nothing if there is none. What it says has to be compared with what lies
  /// there: the file may be damaged.
  std::optional<KeyPlace> find(const KeyHash& hash) const;

 private:
  SafetensorsFile file_;
  std::span<const std::byte> places_;
  uint64_t count_ = 0;
};

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/noise/key_index.inl.hpp>
#endif

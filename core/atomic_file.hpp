// Files that are either whole or absent: write to a temporary name beside the target, sync, rename.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <t2ue/core/config.hpp>

namespace t2ue {

/// Whether a finished file must survive a power cut (it is synced before it gets its name) or only a killed
/// process. Files by the thousand, which a later synced file lists, need not be synced one by one.
enum class Durability : uint8_t { power_cut, killed_process };

/// A file being written under a temporary name in the target's own folder. `commit()` flushes, syncs and
/// renames it onto the target; destruction without commit removes it, so what was there before is never
/// touched. Errors (full disk, unwritable folder) throw t2ue::Error naming the path and the system's reason.
class AtomicFile {
 public:
  explicit AtomicFile(std::filesystem::path target);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(const void* bytes, size_t count);
  void write(std::string_view text) { write(text.data(), text.size()); }
  void commit(Durability durability = Durability::power_cut);
  /// The temporary file's path, for libraries that want to write to a path themselves.
  const std::filesystem::path& temporary() const { return temporary_; }

 private:
  std::filesystem::path target_;
  std::filesystem::path temporary_;
  int descriptor_ = -1;
};

/// Replaces the file at `target` by `bytes`, atomically.
void write_file(const std::filesystem::path& target, std::string_view bytes,
                Durability durability = Durability::power_cut);
void write_file(const std::filesystem::path& target, std::span<const uint8_t> bytes,
                Durability durability = Durability::power_cut);

/// The whole file. Throws Error if it cannot be read or is larger than `limit` bytes.
std::vector<uint8_t> read_file(const std::filesystem::path& path, uint64_t limit = uint64_t{1} << 32);
std::string read_text(const std::filesystem::path& path, uint64_t limit = uint64_t{1} << 32);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/core/atomic_file.inl.hpp>
#endif

// Locks that processes on one machine (or a shared file system that knows flock) hold on a file.
#pragma once

#include <filesystem>

#include <t2ue/core/config.hpp>

namespace t2ue {

/// Holds a lock until it is destroyed or the process ends, however it ends. The file stays.
class FileLock {
 public:
  enum class IfTaken { wait, fail };
  /// Makes the file if need be. Throws Error if it cannot be opened or, with `fail`, if another process has
  /// the lock.
  explicit FileLock(const std::filesystem::path& path, IfTaken if_taken = IfTaken::wait);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  int descriptor_ = -1;
};

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/core/file_lock.inl.hpp>
#endif

#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include <t2ue/core/atomic_file.hpp>
#include <t2ue/core/error.hpp>

namespace t2ue {

T2UE_INLINE AtomicFile::AtomicFile(std::filesystem::path target) : target_(std::move(target)) {
  std::string pattern = target_.string() + ".tmp-XXXXXX";
  descriptor_ = ::mkstemp(pattern.data());
  check(descriptor_ >= 0, "write", "cannot write ", target_, ": ", std::strerror(errno));
  temporary_ = pattern;
  // mkstemp makes 0600; give the file the mode that an ordinary open would have given it.
  const mode_t mask = ::umask(0);
  ::umask(mask);
  (void)::fchmod(descriptor_, 0666 & ~mask);
}

T2UE_INLINE AtomicFile::~AtomicFile() {
  if (descriptor_ < 0) return;
  ::close(descriptor_);
  ::unlink(temporary_.c_str());
}

T2UE_INLINE void AtomicFile::write(const void* bytes, size_t count) {
  const char* next = static_cast<const char*>(bytes);
  while (count > 0) {
    const ssize_t written = ::write(descriptor_, next, count);
    if (written < 0 && errno == EINTR) continue;
    check(written > 0, "write", "cannot write ", target_, ": ", std::strerror(errno),
          "; nothing was replaced");
    next += written;
    count -= static_cast<size_t>(written);
  }
}

T2UE_INLINE void AtomicFile::commit(Durability durability) {
  const bool synced = durability == Durability::killed_process || ::fsync(descriptor_) == 0;
  const int reason = errno;
  const bool closed = ::close(descriptor_) == 0;
  descriptor_ = -1;
  if (!synced || !closed || ::rename(temporary_.c_str(), target_.c_str()) != 0) {
    const int why = synced ? errno : reason;
    ::unlink(temporary_.c_str());
    fail("write", "cannot finish ", target_, ": ", std::strerror(why), "; nothing was replaced");
  }
}

T2UE_INLINE void write_file(const std::filesystem::path& target, std::string_view bytes,
                            Durability durability) {
  AtomicFile file(target);
  file.write(bytes);
  file.commit(durability);
}

T2UE_INLINE void write_file(const std::filesystem::path& target, std::span<const uint8_t> bytes,
                            Durability durability) {
  AtomicFile file(target);
  file.write(bytes.data(), bytes.size());
  file.commit(durability);
}

T2UE_INLINE std::vector<uint8_t> read_file(const std::filesystem::path& path, uint64_t limit) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  check(descriptor >= 0, "read", "cannot open ", path, ": ", std::strerror(errno));
  struct Closer {
    int descriptor;
    ~Closer() { ::close(descriptor); }
  } closer{descriptor};
  struct stat status {};
  check(::fstat(descriptor, &status) == 0, "read", "cannot stat ", path, ": ", std::strerror(errno));
  check(S_ISREG(status.st_mode), "read", path, " is not a regular file");
  const auto size = static_cast<uint64_t>(status.st_size);
  check(size <= limit, "read", path, " has ", size, " bytes, more than the limit of ", limit);
  std::vector<uint8_t> bytes(size);
  size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t got = ::read(descriptor, bytes.data() + done, bytes.size() - done);
    if (got < 0 && errno == EINTR) continue;
    check(got >= 0, "read", "cannot read ", path, ": ", std::strerror(errno));
    if (got == 0) break;  // the file shrank while it was read
    done += static_cast<size_t>(got);
  }
  bytes.resize(done);
  return bytes;
}

T2UE_INLINE std::string read_text(const std::filesystem::path& path, uint64_t limit) {
  const std::vector<uint8_t> bytes = read_file(path, limit);
  return std::string(bytes.begin(), bytes.end());
}

}  // namespace t2ue

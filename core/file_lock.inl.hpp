#pragma once

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include <t2ue/core/error.hpp>
#include <t2ue/core/file_lock.hpp>

namespace t2ue {

T2UE_INLINE FileLock::FileLock(const std::filesystem::path& path, IfTaken if_taken) {
  descriptor_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  check(descriptor_ >= 0, "lock", "cannot open ", path.string(), ": ", std::strerror(errno));
  int status = 0;
  do status = ::flock(descriptor_, if_taken == IfTaken::wait ? LOCK_EX : LOCK_EX | LOCK_NB);
  while (status != 0 && errno == EINTR);
  const int reason = errno;
  if (status == 0) return;
  ::close(descriptor_);
  check(reason != EWOULDBLOCK, "lock", "another process holds ", path.string());
  fail("lock", "cannot lock ", path.string(), ": ", std::strerror(reason));
}

T2UE_INLINE FileLock::~FileLock() {
  ::close(descriptor_);
}

}  // namespace t2ue

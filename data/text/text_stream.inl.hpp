#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <t2ue/core/error.hpp>
#include <t2ue/data/text/text_stream.hpp>
#include <t2ue/data/text/utf8.hpp>

namespace t2ue {

T2UE_INLINE TextStream::TextStream(const std::filesystem::path& path) : path_(path), block_(1 << 16) {
  descriptor_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  check(descriptor_ >= 0, "read", "cannot open ", path.string(), ": ", std::strerror(errno));
  try {
    first_ = read_block();
  } catch (...) {
    ::close(descriptor_);
    throw;
  }
  if (!is_gzip(*first_)) return;
  text_.resize(1 << 16);
  gzip_ = std::make_unique<GunzipStream>(
      [this] { return first_ ? *std::exchange(first_, std::nullopt) : read_block(); });
}

T2UE_INLINE TextStream::~TextStream() {
  ::close(descriptor_);
}

T2UE_INLINE std::string_view TextStream::read_block() {
  ssize_t got = 0;
  do got = ::read(descriptor_, block_.data(), block_.size());
  while (got < 0 && errno == EINTR);
  check(got >= 0, "read", "cannot read ", path_.string(), ": ", std::strerror(errno));
  position_ += static_cast<uint64_t>(got);
  return {block_.data(), static_cast<size_t>(got)};
}

/// Whether there is text to give out.
T2UE_INLINE bool TextStream::fill() {
  if (!rest_.empty()) return true;
  if (!gzip_) {
    rest_ = first_ ? *std::exchange(first_, std::nullopt) : read_block();
    return !rest_.empty();
  }
  try {
    rest_ = {text_.data(), gzip_->read(text_.data(), text_.size())};
  } catch (const Error& error) {
    fail("read", path_.string(), ", behind line ", line_, ": ", error.what());
  }
  return !rest_.empty();
}

T2UE_INLINE bool TextStream::next(std::string& line, size_t limit) {
  line.clear();
  cut_ = false;
  const auto take = [&](size_t bytes) {
    cut_ = cut_ || bytes > limit - line.size();
    line.append(rest_.substr(0, std::min(bytes, limit - line.size())));
    rest_.remove_prefix(bytes);
  };
  if (!fill()) return false;
  for (bool ended = false; !ended && fill();) {
    const size_t end = rest_.find_first_of("\r\n");
    ended = end != std::string_view::npos;
    const bool carriage_return = ended && rest_[end] == '\r';
    take(ended ? end + 1 : rest_.size());
    if (carriage_return && fill() && rest_.front() == '\n') take(1);
  }
  if (line_++ == 0) line.erase(0, line.size() - without_byte_order_mark(line).size());
  return true;
}

}  // namespace t2ue

#pragma once

#include <zlib.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <utility>

#include <t2ue/core/error.hpp>
#include <t2ue/data/text/gzip.hpp>

namespace t2ue {

T2UE_INLINE bool is_gzip(std::string_view bytes) {
  return bytes.starts_with("\x1F\x8B");
}

T2UE_INLINE std::string gunzip(std::string_view bytes, uint64_t limit) {
  check(bytes.size() <= std::numeric_limits<uInt>::max(), "gzip", "there are ", bytes.size(),
        " compressed bytes, more than 4 GiB");
  z_stream stream{};
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));  // it only reads
  stream.avail_in = static_cast<uInt>(bytes.size());
  constexpr int gzip_only = 16;
  check(inflateInit2(&stream, MAX_WBITS + gzip_only) == Z_OK, "gzip", "zlib cannot start: out of memory");
  const std::unique_ptr<z_stream, decltype(&inflateEnd)> owner(&stream, inflateEnd);
  std::string text;
  char piece[1 << 16];
  for (int status = Z_OK; status != Z_STREAM_END;) {
    stream.next_out = reinterpret_cast<Bytef*>(piece);
    stream.avail_out = sizeof piece;
    status = inflate(&stream, Z_NO_FLUSH);
    check(status != Z_BUF_ERROR, "gzip", "the data is cut off after ", bytes.size(), " bytes");
    check(status == Z_OK || status == Z_STREAM_END, "gzip", "the data is damaged at byte ",
          bytes.size() - stream.avail_in, ": ", stream.msg ? stream.msg : "it needs a dictionary");
    text.append(piece, sizeof piece - stream.avail_out);
    check(text.size() <= limit, "gzip", "the data holds more than ", limit, " bytes");
  }
  check(stream.avail_in == 0, "gzip", stream.avail_in, " bytes follow the end of the data");
  return text;
}

struct GunzipStream::State {
  std::function<std::string_view()> more;
  z_stream stream{};
  uint64_t given = 0;      // compressed bytes, in all
  bool in_member = false;  // between a member's first byte and its checksum

  explicit State(std::function<std::string_view()> bytes) : more(std::move(bytes)) {
    constexpr int gzip_only = 16;
    check(inflateInit2(&stream, MAX_WBITS + gzip_only) == Z_OK, "gzip", "zlib cannot start: out of memory");
  }
  ~State() { inflateEnd(&stream); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  /// Whether there is a byte to read.
  bool supply() {
    if (stream.avail_in > 0) return true;
    const std::string_view bytes = more();
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));  // it only reads
    stream.avail_in = static_cast<uInt>(bytes.size());
    given += bytes.size();
    return !bytes.empty();
  }
};

T2UE_INLINE GunzipStream::GunzipStream(std::function<std::string_view()> more)
    : state_(std::make_unique<State>(std::move(more))) {}
T2UE_INLINE GunzipStream::~GunzipStream() = default;

T2UE_INLINE size_t GunzipStream::read(char* bytes, size_t count) {
  z_stream& stream = state_->stream;
  stream.next_out = reinterpret_cast<Bytef*>(bytes);
  stream.avail_out = static_cast<uInt>(std::min<size_t>(count, size_t{1} << 30));
  const size_t wanted = stream.avail_out;
  while (stream.avail_out == wanted) {
    if (!state_->supply()) {
      check(!state_->in_member, "gzip", "the data is cut off after ", state_->given, " bytes");
      return 0;
    }
    state_->in_member = true;
    const int status = inflate(&stream, Z_NO_FLUSH);
    check(status == Z_OK || status == Z_STREAM_END || status == Z_BUF_ERROR, "gzip",
          "the data is damaged at byte ", state_->given - stream.avail_in, ": ",
          stream.msg ? stream.msg : "it needs a dictionary");
    if (status == Z_STREAM_END) {
      state_->in_member = false;
      inflateReset(&stream);
    }
  }
  return wanted - stream.avail_out;
}

}  // namespace t2ue

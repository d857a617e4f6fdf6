#pragma once

#include <zlib.h>

#include <limits>
#include <memory>

#include <t2ue/core/error.hpp>
#include <t2ue/data/gzip.hpp>

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

}  // namespace t2ue

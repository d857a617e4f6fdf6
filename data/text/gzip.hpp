// Reading gzip, in memory and as a stream.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <t2ue/core/config.hpp>

namespace t2ue {

/// Whether `bytes` begin as gzip does.
bool is_gzip(std::string_view bytes);

/// What one gzip member holds. Throws Error if it is cut off or damaged (its checksum and length are
/// compared), if something follows it, or if it holds more than `limit` bytes; no more than that is ever held
/// in memory.
std::string gunzip(std::string_view bytes, uint64_t limit);

/// What the members of a gzip stream hold, one after the other, in constant memory.
class GunzipStream {
 public:
  /// `more` gives the next compressed bytes, which must live until it is called again; empty at the end.
  explicit GunzipStream(std::function<std::string_view()> more);
  ~GunzipStream();
  GunzipStream(const GunzipStream&) = delete;
  GunzipStream& operator=(const GunzipStream&) = delete;

  /// Fills up to `count` bytes; 0 at the end. Throws Error if a member is cut off or damaged, or if something
  /// else follows one.
  size_t read(char* bytes, size_t count);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/data/text/gzip.inl.hpp>
#endif

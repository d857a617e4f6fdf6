// Reading gzip in memory.
#pragma once

#include <cstdint>
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

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/data/gzip.inl.hpp>
#endif

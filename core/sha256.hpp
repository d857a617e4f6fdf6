// SHA-256, for the identity of files, recipes, splits and captions.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include <t2ue/core/config.hpp>

namespace t2ue {

/// An incremental SHA-256. `digest()` or `hex()` ends it.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;
  Sha256& update(const void* bytes, size_t count);
  Sha256& update(std::string_view text) { return update(text.data(), text.size()); }
  /// The 32 bytes.
  std::array<uint8_t, 32> digest();
  /// 64 lower-case hexadecimal digits.
  std::string hex();

 private:
  void* state_;
};

/// 32 bytes as 64 lower-case hexadecimal digits.
std::string to_hex(const std::array<uint8_t, 32>& digest);
/// SHA-256 of a text, in hexadecimal.
std::string sha256_hex(std::string_view text);
/// SHA-256 of a file's bytes, in hexadecimal.
std::string sha256_file(const std::filesystem::path& path);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/core/sha256.inl.hpp>
#endif

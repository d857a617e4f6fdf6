#pragma once

#include <openssl/evp.h>

#include <fstream>
#include <vector>

#include <t2ue/core/error.hpp>
#include <t2ue/core/sha256.hpp>

namespace t2ue {

T2UE_INLINE Sha256::Sha256() : state_(EVP_MD_CTX_new()) {
  check(state_ && EVP_DigestInit_ex(static_cast<EVP_MD_CTX*>(state_), EVP_sha256(), nullptr) == 1, "sha256",
        "libcrypto has no SHA-256");
}
T2UE_INLINE Sha256::~Sha256() {
  EVP_MD_CTX_free(static_cast<EVP_MD_CTX*>(state_));
}

T2UE_INLINE Sha256& Sha256::update(const void* bytes, size_t count) {
  EVP_DigestUpdate(static_cast<EVP_MD_CTX*>(state_), bytes, count);
  return *this;
}

T2UE_INLINE std::array<uint8_t, 32> Sha256::digest() {
  std::array<uint8_t, 32> digest;
  unsigned length = 0;
  EVP_DigestFinal_ex(static_cast<EVP_MD_CTX*>(state_), digest.data(), &length);
  return digest;
}

T2UE_INLINE std::string to_hex(const std::array<uint8_t, 32>& digest) {
  std::string text;
  for (const uint8_t byte : digest) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

T2UE_INLINE std::string Sha256::hex() {
  return to_hex(digest());
}

T2UE_INLINE std::string sha256_hex(std::string_view text) {
  return Sha256().update(text).hex();
}

T2UE_INLINE std::string sha256_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  check(file.good(), "sha256", "cannot open ", path);
  Sha256 hash;
  std::vector<char> block(1 << 16);
  while (file.read(block.data(), static_cast<std::streamsize>(block.size())) || file.gcount() > 0)
    hash.update(block.data(), static_cast<size_t>(file.gcount()));
  return hash.hex();
}

}  // namespace t2ue

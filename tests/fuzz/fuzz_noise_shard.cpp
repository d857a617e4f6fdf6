// Any bytes are either refused with t2ue::Error, as a shard of noise and as a key index, or give noises
// within eps and places that a look-up may touch.
#include <array>
#include <cstdlib>
#include <cstring>
#include <t2ue/core/error.hpp>
#include <t2ue/core/sha256.hpp>
#include <t2ue/noise/noise_shards.hpp>

#include "fuzz.hpp"

namespace {

/// A safetensors file in memory.
std::string file_of(const std::string& header, const std::string& data) {
  const uint64_t length = header.size();
  std::string file(8, '\0');
  std::memcpy(file.data(), &length, 8);
  return file + header + data;
}

std::string digest_text(const t2ue::Noise& noise) {
  const auto digest = t2ue::noise_digest(noise);
  return {digest.begin(), digest.end()};
}

t2ue::NoiseRecipe recipe() {
  t2ue::NoiseRecipe recipe;
  recipe.method = "t2ue";
  recipe.height = recipe.width = 1;
  return recipe;
}

}  // namespace

std::vector<std::string> fuzz_seeds() {
  const std::string shard = R"({"__metadata__":{"format":"t2ue-noise-shard","captions_sha256":"x"},)"
                            R"("key_ends":{"dtype":"I64","shape":[2],"data_offsets":[0,16]},)"
                            R"("keys":{"dtype":"U8","shape":[3],"data_offsets":[16,19]},)"
                            R"("caption_sha256":{"dtype":"U8","shape":[2,32],"data_offsets":[19,83]},)"
                            R"("noise":{"dtype":"I8","shape":[2,1,1,3],"data_offsets":[83,89]},)"
                            R"("noise_sha256":{"dtype":"U8","shape":[2,32],"data_offsets":[89,153]}})";
  std::string data(16, '\0');
  data[0] = 1, data[8] = 3;
  data += "abc" + std::string(64, 'h') + std::string("\1\2\3\4\5\6");
  data += digest_text({1, 1, {1, 2, 3}}) + digest_text({1, 1, {4, 5, 6}});
  const std::string index = R"({"places":{"dtype":"U8","shape":[3,28],"data_offsets":[0,84]}})";
  std::string places;
  for (const char first : {'\1', '\2', '\2'}) places += first + std::string(27, '\0');
  return {file_of(shard, data), file_of(index, places)};
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  try {
    const t2ue::NoiseShard shard(t2ue::SafetensorsFile::from_memory(bytes), recipe(), "bytes");
    for (size_t item = 0; item < shard.count(); ++item) {
      if (shard.key(item).empty() || shard.caption_sha256(item).size() != 64) std::abort();
      try {
        if (t2ue::max_step(shard.noise(item)) > 8) std::abort();
      } catch (const t2ue::Error&) {
      }
    }
  } catch (const t2ue::Error&) {
  }
  try {
    const t2ue::KeyIndex index(t2ue::SafetensorsFile::from_memory(bytes));
    for (const uint8_t first : std::array<uint8_t, 4>{0, 1, 2, 255}) {
      t2ue::KeyHash hash{first};
      if (const auto place = index.find(hash); place && place->hash != hash) std::abort();
    }
  } catch (const t2ue::Error&) {
  }
  return 0;
}

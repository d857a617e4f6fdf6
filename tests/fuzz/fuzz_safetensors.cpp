// Any bytes are either refused with t2ue::Error or give tensors that can be read to their last byte.
#include <cstdint>
#include <cstring>
#include <t2ue/core/safetensors.hpp>

#include "fuzz.hpp"

std::vector<std::string> fuzz_seeds() {
  const std::string header =
      R"({"__metadata__":{"k":"v"},"y":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)"
      R"("x":{"dtype":"BF16","shape":[1,2],"data_offsets":[1,5]}})";
  const uint64_t length = header.size();
  std::string file(8, '\0');
  std::memcpy(file.data(), &length, 8);
  return {file + header + "12345"};
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    const auto file = t2ue::SafetensorsFile::from_memory(std::as_bytes(std::span(data, size)));
    for (const auto& [name, view] : file.tensors()) {
      unsigned sum = 0;
      for (const std::byte byte : view.bytes) sum += std::to_integer<unsigned>(byte);
      volatile unsigned keep = sum;
      (void)keep;
    }
  } catch (const t2ue::Error&) {
  }
  return 0;
}

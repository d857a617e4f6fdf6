// Any bytes are either refused with t2ue::Error or give tensors that can be read to their last byte.
#include <cstdint>
#include <t2ue/models/weights/safetensors.hpp>

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

// Any text is either refused with t2ue::Error or names only files beside the index.
#include <cstdint>
#include <cstdlib>
#include <t2ue/models/weights/safetensors_index.hpp>

#include "fuzz.hpp"

std::vector<std::string> fuzz_seeds() {
  return {R"({"metadata":{"total_size":12},"weight_map":{"x":"model-00001-of-00002.safetensors",)"
          R"("y":"model-00002-of-00002.safetensors"}})"};
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    for (const auto& [tensor, file] : t2ue::parse_safetensors_index(text, "index"))
      if (std::filesystem::path("folder") / file != std::filesystem::path("folder/" + file) ||
          (std::filesystem::path("folder") / file).lexically_normal().parent_path() != "folder")
        std::abort();
  } catch (const t2ue::Error&) {
  }
  return 0;
}

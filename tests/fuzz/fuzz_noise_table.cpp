// Any bytes are either refused with t2ue::Error as a table of noise, or give noises within eps for its keys.
#include <cstdlib>
#include <cstring>
#include <t2ue/core/error.hpp>
#include <t2ue/data/text/captions.hpp>
#include <t2ue/data/text/utf8.hpp>
#include <t2ue/methods/table_noise.hpp>

#include "fuzz.hpp"

namespace {

std::string file_of(const std::string& header, const std::string& data) {
  const uint64_t length = header.size();
  std::string file(8, '\0');
  std::memcpy(file.data(), &length, 8);
  return file + header + data;
}

std::string metadata(const std::string& unit) {
  return R"({"__metadata__":{"format":"t2ue","kind":"noise table","state":"{\"method\":\"em\",\"unit\":\")" +
         unit + R"(\",\"eps_steps\":8,\"training\":{}}"},)";
}

}  // namespace

std::vector<std::string> fuzz_seeds() {
  const std::string by_key = metadata("sample") +
                             R"("rows":{"dtype":"I32","shape":[2],"data_offsets":[0,8]},)"
                             R"("keys":{"dtype":"U8","shape":[9],"data_offsets":[8,17]},)"
                             R"("steps":{"dtype":"I8","shape":[2,1,1,3],"data_offsets":[17,23]}})";
  const std::string with_triggers = metadata("sample") +
                                    R"("rows":{"dtype":"I32","shape":[2],"data_offsets":[0,8]},)"
                                    R"("keys":{"dtype":"U8","shape":[9],"data_offsets":[8,17]},)"
                                    R"("triggers":{"dtype":"U8","shape":[9],"data_offsets":[17,26]},)"
                                    R"("steps":{"dtype":"I8","shape":[2,1,1,3],"data_offsets":[26,32]}})";
  const std::string by_label =
      metadata("class") + R"("steps":{"dtype":"I8","shape":[2,1,1,3],"data_offsets":[0,6]}})";
  const std::string steps = "\1\2\3\4\5\6";
  const std::string rows("\0\0\0\0\1\0\0\0", 8), keys = R"(["a","b"])", triggers = R"(["x",""])";
  return {file_of(by_key, rows + keys + steps), file_of(with_triggers, rows + keys + triggers + steps),
          file_of(by_label, steps)};
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    const auto bytes = std::as_bytes(std::span(data, size));
    const t2ue::NoiseTableFile file =
        t2ue::read_noise_table(t2ue::SafetensorsFile::from_memory(bytes), "bytes");
    t2ue::TableNoise source(file);
    std::vector<t2ue::NoiseItem> items;
    for (const std::string& key : file.keys) items.push_back({key, "", std::nullopt, nullptr});
    if (file.keys.empty()) items.push_back({"", "", static_cast<int>(file.rows()) - 1, nullptr});
    for (const std::string& trigger : file.triggers)
      if (!t2ue::valid_utf8(trigger)) std::abort();
    for (const t2ue::Noise& noise : source.make(items))
      if (t2ue::max_step(noise) > file.eps_steps) std::abort();
  } catch (const t2ue::Error&) {
  }
  return 0;
}

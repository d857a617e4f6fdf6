// Any bytes are refused with t2ue::Error, as CIFAR binaries, as STL-10 classes, or give
// records that obey the rules of an index and lie within the bytes.
#include <cstdlib>
#include <sstream>
#include <t2ue/core/error.hpp>
#include <t2ue/data/records/binary_pictures.hpp>

#include "fuzz.hpp"
#include "index_rules.hpp"

namespace {

void check_within(const t2ue::DatasetIndex& index, size_t size) {
  check_index_rules(index);
  for (const t2ue::Record& record : index.records)
    if (record.picture.offset > size || record.picture.bytes > size - record.picture.offset) std::abort();
}

}  // namespace

std::vector<std::string> fuzz_seeds() {
  return {std::string(3073, '\x03') + std::string(3073, '\x09'), std::string(3074, '\x20'),
          std::string("\x01\x0A\x05", 3)};
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  for (const bool skip_bad : {false, true}) {
    t2ue::DatasetOptions options;
    options.skip_bad = skip_bad;
    for (const t2ue::CifarLayout layout : {t2ue::CifarLayout{1, 10}, t2ue::CifarLayout{2, 100}}) {
      t2ue::IndexBuilder builder("fuzz", options);
      builder.index().label_names.resize(static_cast<size_t>(layout.classes));
      std::istringstream stream(text);
      try {
        t2ue::add_cifar(stream, size, "bytes", layout, builder.source("bytes"), builder.split("train"), 0,
                        builder);
        check_within(builder.take("bytes", true), size);
      } catch (const t2ue::Error&) {
      }
    }
  }
  std::istringstream stream(text);
  try {
    for (const int32_t label : t2ue::read_stl10_labels(stream, "bytes"))
      if (label < 0 || label > 9) std::abort();
  } catch (const t2ue::Error&) {
  }
  return 0;
}

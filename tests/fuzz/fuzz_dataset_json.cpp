// Any text is refused with t2ue::Error, as Karpathy's JSON, as COCO's and as a split manifest, or gives
// records that obey the rules of an index.
#include <cstdlib>
#include <set>
#include <sstream>
#include <t2ue/core/error.hpp>
#include <t2ue/data/records/coco.hpp>
#include <t2ue/data/records/karpathy.hpp>
#include <t2ue/data/records/split_manifest.hpp>

#include "fuzz.hpp"
#include "index_rules.hpp"

std::vector<std::string> fuzz_seeds() {
  return {
      R"({"dataset": "x", "images": [{"filename": "a.jpg", "split": "train", "sentids": [0],
      "sentences": [{"raw": "One .", "tokens": ["one"]}, {"raw": "caf\u00e9"}]},
      {"filename": "b.jpg", "filepath": "val2014", "split": "test", "sentences": [{"raw": "Two"}]}]})",
      R"({"info": {"year": 2014}, "images": [{"id": 1, "file_name": "a.jpg"}, {"id": 2, "file_name": "b.jpg"}],
      "annotations": [{"image_id": 2, "id": 7, "caption": "two"}, {"image_id": 1, "caption": "one"}]})",
      R"({"train": ["a", "b"], "test": ["c.jpg"]})", "a\ttrain\r\nb\ttest\n"};
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  for (const bool skip_bad : {false, true})
    for (const bool coco : {false, true}) {
      t2ue::DatasetOptions options;
      options.skip_bad = skip_bad;
      t2ue::IndexBuilder builder("fuzz", options);
      std::istringstream stream(text);
      try {
        if (coco)
          t2ue::parse_coco_captions(stream, "text", builder.split("all"), builder.source("pictures"),
                                    builder);
        else
          t2ue::parse_karpathy(stream, "text", builder);
        check_index_rules(builder.take("text"));
      } catch (const t2ue::Error&) {
      }
    }
  try {
    const t2ue::SplitManifest manifest = t2ue::parse_splits(text, "text");
    for (const auto& [key, split] : manifest.split_of())
      if (key.empty() || split >= manifest.splits().size()) std::abort();
  } catch (const t2ue::Error&) {
  }
  return 0;
}

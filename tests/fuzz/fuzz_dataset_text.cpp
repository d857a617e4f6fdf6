// Any text is refused with t2ue::Error as captions of Flickr8k, as a pattern of shards, or gives what obeys
// the rules.
#include <cstdlib>
#include <t2ue/core/error.hpp>
#include <t2ue/data/records/flickr.hpp>
#include <t2ue/data/records/webdataset.hpp>

#include "fuzz.hpp"
#include "index_rules.hpp"

std::vector<std::string> fuzz_seeds() {
  return {"a.jpg#0\tA child in a pink dress .\r\na.jpg#1\tA girl\nb.jpg#0\tcaf\xC3\xA9\n",
          "image_name| comment_number| comment\n1.jpg| 0| Two young guys .\n1.jpg| 1| \"Two\" | men\n",
          "image,caption\n1.jpg,\"one, two\"\n2.jpg,three\n", "shard-{000..012}-{a,b}.tar"};
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  for (const bool skip_bad : {false, true}) {
    t2ue::DatasetOptions options;
    options.skip_bad = skip_bad;
    t2ue::IndexBuilder builder("fuzz", options);
    try {
      t2ue::parse_flickr_captions(text, "text", builder.split("all"), builder);
      check_index_rules(builder.take("text"));
    } catch (const t2ue::Error&) {
    }
  }
  if (size > 100) return 0;  // patterns may stand for a million names: short ones are enough to try
  try {
    if (t2ue::expand_braces(text.substr(0, 40)).empty()) std::abort();
  } catch (const t2ue::Error&) {
  }
  return 0;
}

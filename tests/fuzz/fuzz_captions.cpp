// Any text is either refused with t2ue::Error, as CSV and as JSON lines, or gives pairs that survive a round
// trip.
#include <cstdlib>
#include <t2ue/core/error.hpp>
#include <t2ue/data/text/captions.hpp>

#include "fuzz.hpp"

std::vector<std::string> fuzz_seeds() {
  return {
      "key,image,caption,label\r\na,a.png,\"one, "
      "\"\"two\"\"\nthree\",x\r\na,a.png,more,x\r\nb,deep/b.png,caf\xC3\xA9,\r\n",
      "filepath\ttitle\nx.jpg\ta cat\ny.jpg\ta dog\n",
      "{\"key\":\"a\",\"image\":\"a.png\",\"caption\":\"caf\\u00e9 \\ud83d\\ude00\",\"label\":null}\n"
      "{\"key\":\"b\",\"captions\":[\"one\",\"two\"],\"label\":\"x\"}\n"};
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const auto parse : {t2ue::parse_pairs_csv, t2ue::parse_pairs_jsonl}) {
    std::vector<t2ue::Pair> pairs;
    try {
      pairs = parse(text, {}, {});
    } catch (const t2ue::Error&) {
      continue;
    }
    const std::string written = t2ue::pairs_to_jsonl(pairs);
    if (t2ue::pairs_to_jsonl(t2ue::parse_pairs_jsonl(written)) != written) std::abort();
  }
  return 0;
}

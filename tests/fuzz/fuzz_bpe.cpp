// Any text is either refused with t2ue::Error or is a vocabulary with which any text can be encoded and
// decoded.
#include <algorithm>
#include <cstdlib>
#include <t2ue/core/error.hpp>
#include <t2ue/data/text/bpe.hpp>

#include "fuzz.hpp"

std::vector<std::string> fuzz_seeds() {
  const std::vector<std::string> captions = {"the red cat sat on the red mat", "a cat, a hat and a bat"};
  return {t2ue::BytePairTokenizer::train(captions, 290).to_json(),
          t2ue::BytePairTokenizer::train(captions, 260).to_json()};
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const auto tokenizer = t2ue::BytePairTokenizer::from_json(text);
    const auto tokens = tokenizer.encode(text, 64);
    if (tokens.size() != 64 || std::count(tokens.begin(), tokens.end(), tokenizer.end_token()) != 1)
      std::abort();
    tokenizer.decode(tokens);
  } catch (const t2ue::Error&) {
  }
  return 0;
}

// Any bytes are either refused with t2ue::Error or are a vocabulary, and any UTF-8 is a text that can be
// encoded and decoded: by the vocabulary read, or by one without merges.
#include <algorithm>
#include <cstdlib>

#include <t2ue/core/error.hpp>
#include <t2ue/data/text/clip_tokenizer.hpp>
#include <t2ue/data/text/unicode.hpp>

#include "fuzz.hpp"

namespace {

constexpr int size = 518;
constexpr std::string_view merges = "#version: 0.2\nt h\nth e</w>\n\u00e2 \u0122\ni n</w>\n";

void encode(const t2ue::ClipTokenizer& tokenizer, std::string_view text) {
  const auto row = tokenizer.encode(text, 16);
  if (row.size() != 16 || std::count(row.begin(), row.end(), tokenizer.end_token()) == 0) std::abort();
  const std::string shown = tokenizer.decode(tokenizer.tokens(text));
  // What is shown has been cleaned: cleaning it again finds nothing but references that were spelt out.
  const bool plain =
      text.find('&') == std::string_view::npos && text.find("\uFF06") == std::string_view::npos;
  if (plain && tokenizer.decode(tokenizer.tokens(shown)) != shown) std::abort();
}

/// A tokenizer.json of the merges above.
std::string tokenizer_json() {
  std::vector<std::string> tokens(512);
  for (int byte = 0, other = 256; byte < 256; ++byte) {
    const bool printable = (byte >= 33 && byte <= 126) || (byte >= 161 && byte != 173);
    std::string spelling = byte == '"' || byte == '\\' ? "\\" : "";
    t2ue::unicode::append(spelling, static_cast<char32_t>(printable ? byte : other++));
    for (const bool ends : {false, true})
      tokens[static_cast<size_t>(t2ue::ClipVocabulary::byte_token(static_cast<char>(byte), ends))] =
          spelling + (ends ? "</w>" : "");
  }
  for (const char* token : {"th", "the</w>", "\u00e2\u0122", "in</w>", "<|startoftext|>", "<|endoftext|>"})
    tokens.emplace_back(token);
  std::string json = R"({"model": {"type": "BPE", "end_of_word_suffix": "</w>", "vocab": {)";
  for (size_t i = 0; i < tokens.size(); ++i) json += t2ue::concat(i ? "," : "", "\"", tokens[i], "\":", i);
  return json + R"(}, "merges": ["t h", ["th", "e</w>"], "\u00e2 \u0122", "i n</w>"]}})";
}

}  // namespace

std::vector<std::string> fuzz_seeds() {
  return {std::string(merges), "It's &amp;lt; caf\u00e9 &#x1F600; \u201cquoted\u201d \uff21 \x1b[1m 123",
          "\u0391\u03a3 \u0130 e\u0301 \u1100\u1161 \u0345 \ufb01 &NTILDE; <|endoftext|> 'll",
          tokenizer_json(), t2ue::ClipVocabulary::from_merges(merges, size).to_json()};
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size_of_data) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size_of_data);
  static const t2ue::ClipTokenizer fixed(t2ue::ClipVocabulary::from_merges(merges, size));
  try {
    encode(fixed, bytes);
  } catch (const t2ue::Error&) {
  }
  try {
    encode(t2ue::ClipTokenizer(t2ue::ClipVocabulary::from_merges(bytes, size)), "the thin inn \u2019 in the");
  } catch (const t2ue::Error&) {
  }
  try {
    const auto vocabulary = t2ue::ClipVocabulary::from_json(bytes);
    if (t2ue::ClipVocabulary::from_json(vocabulary.to_json()).to_merges() != vocabulary.to_merges())
      std::abort();
    encode(t2ue::ClipTokenizer(vocabulary), "the thin inn \u2019 in the");
  } catch (const t2ue::Error&) {
  }
  for (const auto& read :
       {+[](std::string_view text) { t2ue::ClipVocabulary::from_tokenizer_json(text, size); },
        +[](std::string_view text) { t2ue::ClipVocabulary::from_vocab_json(text, merges, size); }}) {
    try {
      read(bytes);
    } catch (const t2ue::Error&) {
    }
  }
  return 0;
}

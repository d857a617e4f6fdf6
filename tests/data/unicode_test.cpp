#include <gtest/gtest.h>

#include <sstream>

#include <t2ue/core/sha256.hpp>
#include <t2ue/data/text/fix_text.hpp>
#include <t2ue/data/text/html_unescape.hpp>
#include <t2ue/data/text/unicode.hpp>

#include "data/clip_reference.hpp"
#include "data/pictures.hpp"

namespace {

using namespace t2ue;
using namespace t2ue::testing_data;

std::string utf8(std::u32string_view text) {
  return unicode::encode(text);
}

TEST(Unicode, EveryCharacterIsAsPythonHasIt) {
  const auto reference = reference_json("clip_unicode.json");
  std::map<char32_t, std::string> blocks;
  for (const auto& range : reference["assigned"])
    for (char32_t c = range[0]; c <= range[1].get<char32_t>(); ++c) {
      const std::u32string text(1, c);
      std::ostringstream line;
      line << std::hex << std::uppercase << static_cast<uint32_t>(c) << ' '
           << (unicode::is_letter(c)   ? "L"
               : unicode::is_number(c) ? "N"
               : unicode::is_space(c)  ? "S"
                                       : "-")
           << (unicode::is_decimal_digit(c) ? "D " : " ") << utf8(unicode::lower(text)) << ' '
           << (unicode::lower(text + U"Σ").back() == U'ς') << ' ' << (unicode::lower(U"aΣ" + text)[1] == U'ς')
           << ' ' << utf8(unicode::nfc(text)) << ' ' << utf8(unicode::nfkc(text)) << '\n';
      blocks[c >> 12] += line.str();
    }
  EXPECT_EQ(blocks.size(), reference["blocks"].size());
  for (const auto& [block, lines] : blocks)
    EXPECT_EQ(sha256_hex(lines), reference["blocks"][std::to_string(block)].get<std::string>())
        << "from U+" << std::hex << (block << 12);
}

TEST(Unicode, Utf8) {
  const std::string text = "a\u00e9\u20ac\U0001f600";
  EXPECT_EQ(unicode::decode(text), U"a\u00e9\u20ac\U0001f600");
  EXPECT_EQ(utf8(unicode::decode(text)), text);
  EXPECT_NE(error_of([] { unicode::decode("ab\xE2\x82"); }).find("byte 2"), std::string::npos);
  EXPECT_EQ(unicode::replace_invalid("a\xFF"
                                     "b\xE2\x82"),
            "a\uFFFD"
            "b\uFFFD\uFFFD");
  EXPECT_EQ(unicode::replace_invalid(text), text);
}

TEST(Unicode, LowerCaseThatDependsOnWhatIsBeside) {
  EXPECT_EQ(utf8(unicode::lower(U"ΟΔΟΣ ΟΔΟΣ.")), "οδος οδος.");
  EXPECT_EQ(utf8(unicode::lower(U"Σ ΑΣΑ Α\u00ADΣ ΑΣ'Α ΑΣ'")), "σ ασα α\u00ADς ασ'α ας'");
  EXPECT_EQ(utf8(unicode::lower(U"İI")), "i\u0307i");
}

TEST(HtmlUnescape, EveryEntityIsAsPythonHasIt) {
  const auto reference = reference_json("clip_unicode.json");
  std::istringstream names(reference["entities"].get<std::string>());
  std::string plain, careful;
  size_t count = 0;
  for (std::string name; names >> name; ++count) {
    std::string upper = name, lower = name;
    for (char& c : upper) c = static_cast<char>(std::toupper(c));
    for (char& c : lower) c = static_cast<char>(std::tolower(c));
    for (const std::string& form : {name + ";", name, name + "x;", upper + ";", lower + ";"}) {
      const std::u32string text = unicode::decode("&" + form);
      const std::string separator = plain.empty() ? "" : "\n";
      plain += separator + utf8(html_unescape(text));
      careful += separator + utf8(html_unescape_careful(text));
    }
  }
  EXPECT_EQ(count, 2125u);
  EXPECT_EQ(sha256_hex(plain), reference["unescape"].get<std::string>());
  EXPECT_EQ(sha256_hex(careful), reference["careful"].get<std::string>());
}

TEST(HtmlUnescape, OnePass) {
  EXPECT_EQ(utf8(html_unescape(U"&amp;lt; &#38;lt; &lt")), "&lt; &lt; <");
  EXPECT_EQ(utf8(html_unescape(U"&#x20AC;&#8364&#x20acg")), "€€€g");
  EXPECT_EQ(utf8(html_unescape(U"& &; &# &#x &#xz; &unknown;")), "& &; &# &#x &#xz; &unknown;");
  EXPECT_EQ(utf8(html_unescape(U"&#150;&#0;&#xD800;&#x110000;&#4294967297;|&#1;&#xFFFF;|")),
            "–\uFFFD\uFFFD\uFFFD\uFFFD||");
  EXPECT_EQ(utf8(html_unescape_careful(U"&lt &lt; &LT; &NTILDE; &#59; &#65; &#65")),
            "&lt < < Ñ &#59; A &#65");
}

TEST(FixText, WhatChanges) {
  const auto fixed = [](std::u32string_view text) { return utf8(fix_text(text)); };
  EXPECT_EQ(fixed(U"“It’s” ‘so’"), "\"It's\" 'so'");
  EXPECT_EQ(fixed(U"ＬＯＵＤ　ﾊﾞ ﬁsh"), "LOUD バ fish");
  EXPECT_EQ(fixed(U"a\r\nb\rc\u2028d"), "a\nb\nc\nd");
  EXPECT_EQ(fixed(U"\x1B[1;31mred\x1B[0m\x1B[\x07 \uFEFFx"), "red[ x");
  EXPECT_EQ(fixed(U"e\u0301 \u0096 &amp;amp;"), "é – &");
  EXPECT_EQ(fixed(U"&amp;\n<b>&amp;\n&amp;"), "&\n<b>&amp;\n&amp;");
  EXPECT_EQ(fixed(U"Ã© stays"), "Ã© stays");  // mojibake
  EXPECT_EQ(fixed(U""), "");
}

}  // namespace

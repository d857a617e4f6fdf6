#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <omp.h>

#include <t2ue/data/text/clip_tokenizer.hpp>
#include <t2ue/data/text/unicode.hpp>

#include "data/clip_reference.hpp"
#include "data/pictures.hpp"

namespace {

using namespace t2ue;
using namespace t2ue::testing_data;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using Tokens = std::vector<int32_t>;

const ClipTokenizer& tiny() {
  static const ClipTokenizer tokenizer = ClipTokenizer::load(reference_path("clip_bpe"), tiny_size);
  return tokenizer;
}

const nlohmann::json& reference() {
  static const nlohmann::json json = reference_json("clip_tokens.json");
  return json;
}

TEST(ClipTokenizer, AgreesWithTheReferenceOnATinyVocabulary) {
  ASSERT_EQ(reference()["size"], tiny().vocab_size());
  ASSERT_GT(reference()["texts"].size(), 300u);
  for (const auto& text : reference()["texts"])
    EXPECT_EQ(tiny().tokens(text["text"].get<std::string>()), text["tiny"].get<Tokens>())
        << text["text"].dump()
        << "\ncleaned: " << unicode::encode(clean_clip_text(text["text"].get<std::string>()));
}

TEST(ClipTokenizer, AgreesWithTheReferenceOnThePublishedVocabulary) {
  if (!std::filesystem::exists(published_vocabulary()))
    GTEST_SKIP() << "OpenAI's vocabulary is not there: " << published_vocabulary();
  const ClipTokenizer tokenizer = ClipTokenizer::load(published_vocabulary());
  ASSERT_EQ(tokenizer.vocab_size(), 49408);
  EXPECT_THAT(tokenizer.encode("a photo of a cat", 8),  // as in OpenAI's and open_clip's documentation
              ElementsAre(49406, 320, 1125, 539, 320, 2368, 49407, 0));
  for (const auto& text : reference()["texts"])
    EXPECT_EQ(tokenizer.tokens(text["text"].get<std::string>()), text["published"].get<Tokens>())
        << text["text"].dump();
}

TEST(ClipTokenizer, TruncationAndPadding) {
  ASSERT_EQ(reference()["rows"].size(), 20u);
  for (const auto& row : reference()["rows"]) {
    const auto text = row["text"].get<std::string>();
    EXPECT_EQ(tiny().encode(text, row["context"]), row["keep_end"].get<Tokens>()) << row.dump();
    EXPECT_EQ(tiny().encode(text, row["context"], Truncation::legacy), row["legacy"].get<Tokens>())
        << row.dump();
  }
  EXPECT_EQ(tiny().encode("a cat").size(), 77u);
  EXPECT_THAT(error_of([] { tiny().encode("a", 1); }), HasSubstr("not 1"));
  EXPECT_THAT(error_of([] { tiny().encode_batch({}, -3); }), HasSubstr("not -3"));
}

TEST(ClipTokenizer, DecodedTextIsTheWordsWithSpaces) {
  for (const auto& text : reference()["texts"]) {
    std::string expected;
    for (const auto& word : text["words"]) expected += word.get<std::string>() + " ";
    if (!expected.empty()) expected.pop_back();
    if (expected.find("<|startoftext|>") != std::string::npos ||
        expected.find("<|endoftext|>") != std::string::npos)
      continue;
    EXPECT_EQ(tiny().decode(text["tiny"].get<Tokens>()), expected);
  }
  EXPECT_EQ(tiny().decode(tiny().encode("It's a café!")), "it 's a café !");
  EXPECT_EQ(tiny().decode(tiny().encode("🐶", 4)), "\uFFFD\uFFFD");  // two bytes of four: cut
  EXPECT_EQ(tiny().decode({}), "");
  EXPECT_THAT(error_of([] { tiny().decode(Tokens{tiny_size}); }), HasSubstr("764"));
  EXPECT_THAT(error_of([] { tiny().decode(Tokens{-1}); }), HasSubstr("-1"));
}

TEST(ClipTokenizer, BatchesAreTheirRows) {
  std::vector<std::string> texts;
  for (const auto& text : reference()["texts"]) texts.push_back(text["text"]);
  Tokens rows;
  for (const std::string& text : texts)
    for (const int32_t token : tiny().encode(text, 20, Truncation::legacy)) rows.push_back(token);
  const int threads = omp_get_max_threads();
  for (const int count : {1, 2, 5}) {
    omp_set_num_threads(count);
    EXPECT_EQ(tiny().encode_batch(texts, 20, Truncation::legacy), rows) << count << " threads";
  }
  omp_set_num_threads(threads);
  EXPECT_TRUE(tiny().encode_batch({}).empty());
}

TEST(ClipTokenizer, InvalidUtf8NamesTheFirstTextAndTheByte) {
  std::vector<std::string> texts(500, "fine");
  texts[321] = "broken \xFF";
  texts[20] = "caf\xC3";
  EXPECT_THAT(error_of([&] { tiny().encode_batch(texts); }),
              AllOf(HasSubstr("text 20"), HasSubstr("byte 3")));
  for (const char* text : {"\x80", "\xC0\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xE2\x82"})
    EXPECT_THAT(error_of([&] { tiny().tokens(text); }), HasSubstr("byte 0"));
}

TEST(ClipTokenizer, LongWordsAreQuick) {
  // With a quadratic algorithm these take minutes.
  const size_t length = 1'000'000;
  EXPECT_GT(tiny().tokens(std::string(length, 'a')).size(), length / 10);
  std::string text;
  while (text.size() < length) text += "standing";
  const Tokens tokens = tiny().tokens(text);
  EXPECT_EQ(tiny().decode(tokens), text);
  EXPECT_EQ(tiny().encode(text, 77).back(), tiny().end_token());
}

TEST(ClipTokenizer, HtmlThatNestsTooDeep) {
  std::string text = "&";
  for (int i = 0; i < 90; ++i) text += "amp;";
  EXPECT_EQ(tiny().decode(tiny().tokens(text)), "&");
  for (int i = 0; i < 90; ++i) text += "amp;";
  EXPECT_THAT(error_of([&] { tiny().tokens(text); }), HasSubstr("100 deep"));
}

}  // namespace

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <t2ue/data/text/clip_vocabulary.hpp>

#include "data/clip_reference.hpp"
#include "data/pictures.hpp"

namespace {

using namespace t2ue;
using namespace t2ue::testing_data;
using testing::AllOf;
using testing::HasSubstr;

constexpr int size = tiny_size, merges = 250;

std::string file(const std::string& name) {
  return read_text(reference_path("clip_bpe/" + name));
}

/// Every token, as bytes and whether it ends a word, and every merge.
std::string contents(const ClipVocabulary& vocabulary) {
  std::string all;
  for (int32_t token = 0; token < vocabulary.start_token(); ++token)
    all += vocabulary.text(token) + (vocabulary.ends_word(token) ? "$" : "|");
  for (int32_t left = 0; left < vocabulary.start_token(); ++left)
    for (int32_t right = 0; right < vocabulary.start_token(); ++right)
      if (const int32_t token = vocabulary.joined(left, right); token >= 0)
        all += concat(left, "+", right, "=", token, " ");
  return all;
}

TEST(ClipVocabulary, EveryFormIsTheSame) {
  const std::string expected = contents(ClipVocabulary::from_merges(file("merges.txt"), size));
  const auto folder = reference_path("clip_bpe");
  for (const char* name : {"merges.txt", "bpe_simple_vocab_16e6.txt.gz", "tokenizer.json",
                           "tokenizer_pairs.json", "vocab.json", ""}) {
    const auto vocabulary = ClipVocabulary::load(folder / name, size);
    EXPECT_EQ(vocabulary.size(), size) << name;
    EXPECT_EQ(contents(vocabulary), expected) << name;
  }
}

TEST(ClipVocabulary, Layout) {
  const auto vocabulary = ClipVocabulary::from_merges("#version: 0.2\nt h\nth e</w>\n\u0120 \u00ff\n", 517);
  EXPECT_EQ(ClipVocabulary::byte_token('!', false), 0);
  EXPECT_EQ(ClipVocabulary::byte_token('!', true), 256);
  EXPECT_EQ(ClipVocabulary::byte_token('~', false), 93);
  EXPECT_EQ(ClipVocabulary::byte_token('\xA1', false), 94);
  EXPECT_EQ(ClipVocabulary::byte_token('\xAE', false), 106);
  EXPECT_EQ(ClipVocabulary::byte_token('\xFF', false), 187);
  EXPECT_EQ(ClipVocabulary::byte_token('\0', false), 188);
  EXPECT_EQ(ClipVocabulary::byte_token('\xAD', true), 511);
  EXPECT_EQ(vocabulary.joined('t' - '!', 'h' - '!'), 512);
  EXPECT_EQ(vocabulary.joined(512, 'e' - '!' + 256), 513);
  EXPECT_EQ(vocabulary.joined(512, 'e' - '!'), -1);
  EXPECT_EQ(vocabulary.text(513), "the");
  EXPECT_TRUE(vocabulary.ends_word(513));
  EXPECT_EQ(vocabulary.text(514), " \xFF");
  EXPECT_FALSE(vocabulary.ends_word(514));
  EXPECT_EQ(vocabulary.start_token(), 515);
  EXPECT_EQ(vocabulary.end_token(), 516);
}

TEST(ClipVocabulary, OnlyTheFirstMergesOfALongerListAreUsed) {
  EXPECT_EQ(ClipVocabulary::from_merges(file("merges.txt"), 600).size(), 600);
  EXPECT_EQ(ClipVocabulary::from_merges(file("merges.txt"), 514).size(), 514);
  std::string windows = file("merges.txt");
  for (size_t at = 0; (at = windows.find('\n', at)) != std::string::npos; at += 2) windows.insert(at, "\r");
  EXPECT_EQ(contents(ClipVocabulary::from_merges(windows, size)),
            contents(ClipVocabulary::from_merges(file("merges.txt"), size)));
}

TEST(ClipVocabulary, TheWrongLengthIsRefused) {
  const auto error = [](const char* name, int wanted) {
    return error_of([&] { ClipVocabulary::load(reference_path("clip_bpe") / name, wanted); });
  };
  EXPECT_THAT(error("merges.txt", 49408),
              AllOf(HasSubstr("merges.txt"), HasSubstr("250"), HasSubstr("48894")));
  EXPECT_THAT(error("bpe_simple_vocab_16e6.txt.gz", size + 1), HasSubstr("765 tokens need 251"));
  EXPECT_THAT(error("tokenizer.json", size - 1), HasSubstr("250 merges"));
  EXPECT_THAT(error("vocab.json", size - 1), HasSubstr("250 merges"));
  EXPECT_THAT(error("merges.txt", 513), HasSubstr("not 513"));
  EXPECT_THAT(error("merges.txt", 2'000'001), HasSubstr("not 2000001"));
}

TEST(ClipVocabulary, FoldersAndMissingFiles) {
  const auto folder = fresh_folder();
  EXPECT_THAT(error_of([&] { ClipVocabulary::load(folder, size); }), HasSubstr("no tokenizer.json"));
  EXPECT_THAT(error_of([&] { ClipVocabulary::load(folder / "none.txt", size); }), HasSubstr("none.txt"));
  write_file(folder / "vocab.json", std::string_view(file("vocab.json")));
  EXPECT_THAT(error_of([&] { ClipVocabulary::load(folder, size); }), HasSubstr("merges.txt"));
  write_file(folder / "merges.txt", std::string_view(file("merges.txt")));
  EXPECT_EQ(ClipVocabulary::load(folder, size).size(), size);
}

TEST(ClipVocabulary, BadLists) {
  const auto error = [](const std::string& lines) {
    return error_of([&] { ClipVocabulary::from_merges("#version: 0.2\n" + lines, 515); });
  };
  EXPECT_EQ(error("a b"), "");
  EXPECT_EQ(error("a b\n"), "");
  EXPECT_THAT(error(""), HasSubstr("0 merges"));
  EXPECT_THAT(error("\n"), HasSubstr("0 merges"));
  EXPECT_THAT(error("a b c"), HasSubstr("merge 0"));
  EXPECT_THAT(error("ab"), HasSubstr("merge 0"));
  EXPECT_THAT(error("a  b"), HasSubstr("merge 0"));
  EXPECT_THAT(error(" b"), HasSubstr("merge 0"));
  EXPECT_THAT(error("a bc"), AllOf(HasSubstr("\"bc\""), HasSubstr("no merge before")));
  EXPECT_THAT(error("a</w> b"), HasSubstr("no word"));
  EXPECT_THAT(error("\xFF b"), HasSubstr("no merge before"));
  EXPECT_THAT(error_of([] { ClipVocabulary::from_merges("a b\nab c\n", 515); }), HasSubstr("#version"));
  EXPECT_THAT(error_of([] { ClipVocabulary::from_merges("", 515); }), HasSubstr("0 merges"));
  EXPECT_THAT(error_of([] { ClipVocabulary::from_merges("#version:\na b\na b\n", 516); }),
              HasSubstr("twice"));
  std::string doubling = "#version:\na a\n", token = "aa";
  for (; token.size() < 512; token += token) doubling += token + " " + token + "\n";
  EXPECT_THAT(error_of([&] { ClipVocabulary::from_merges(doubling, 514 + 9); }), HasSubstr("no word"));
}

TEST(ClipVocabulary, BadPackedFiles) {
  const std::string whole = file("bpe_simple_vocab_16e6.txt.gz");
  for (size_t length = 2; length < whole.size(); length += 37)
    EXPECT_NE(error_of([&] { ClipVocabulary::from_merges(whole.substr(0, length), size); }), "") << length;
  std::string damaged = whole;
  damaged[whole.size() / 2] ^= 1;
  EXPECT_NE(error_of([&] { ClipVocabulary::from_merges(damaged, size); }), "");
}

TEST(ClipVocabulary, FilesThatContradictThemselves) {
  const auto changed = [](std::string text, const std::string& from, const std::string& to) {
    const size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return text.replace(at, from.size(), to);
  };
  const auto from_tokenizer = [](const std::string& json) {
    return error_of([&] { ClipVocabulary::from_tokenizer_json(json, size); });
  };
  const std::string tokenizer = file("tokenizer.json"), vocab = file("vocab.json");
  EXPECT_EQ(from_tokenizer(tokenizer), "");
  EXPECT_THAT(from_tokenizer(changed(tokenizer, "\"BPE\"", "\"Unigram\"")), HasSubstr("CLIP's kind"));
  EXPECT_THAT(from_tokenizer(changed(tokenizer, "\"</w>\"", "\"\"")), HasSubstr("CLIP's kind"));
  EXPECT_THAT(from_tokenizer(changed(tokenizer, "\"merges\"", "\"other\"")), HasSubstr("CLIP's kind"));
  EXPECT_THAT(from_tokenizer(changed(tokenizer, "\"a\": 64", "\"a\": 65")), HasSubstr("\"a\""));
  EXPECT_THAT(from_tokenizer(changed(tokenizer, "\"a\": 64", "\"a\": \"64\"")), HasSubstr("\"a\""));
  EXPECT_THAT(from_tokenizer(changed(tokenizer, "\"a\": 64, ", "")), HasSubstr("763 tokens"));
  EXPECT_THAT(from_tokenizer(changed(tokenizer, "<|endoftext|>\": 763", "<end_of_text>\": 763")),
              AllOf(HasSubstr("<|endoftext|>"), HasSubstr("missing")));
  EXPECT_THAT(from_tokenizer(tokenizer.substr(0, tokenizer.size() - 2)), HasSubstr("cut off"));
  EXPECT_THAT(from_tokenizer("{\"model\": 3}"), HasSubstr("CLIP's kind"));
  EXPECT_THAT(from_tokenizer("[]"), HasSubstr("not a JSON object"));
  EXPECT_THAT(from_tokenizer(std::string(1'000'000, '[')), HasSubstr("too deep"));
  EXPECT_THAT(from_tokenizer(R"({"model": {"type": "BPE", "end_of_word_suffix": "</w>", "vocab": {},
                                "merges": [["a"], "b c"]}})"),
              HasSubstr("merge 0"));
  EXPECT_THAT(error_of([&] {
                ClipVocabulary::from_vocab_json(changed(vocab, "\"b\": 65", "\"b\": 1e99"),
                                                file("merges.txt"), size);
              }),
              HasSubstr("\"b\""));
  EXPECT_THAT(error_of([&] { ClipVocabulary::from_vocab_json(vocab, file("merges.txt") + "q q\n", size); }),
              HasSubstr("251 merges"));
}

}  // namespace

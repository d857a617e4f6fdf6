#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <thread>

#include <t2ue/data/text/bpe.hpp>

#include "data/pictures.hpp"

namespace {

using namespace t2ue;
using namespace t2ue::testing_data;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using Tokens = std::vector<int32_t>;

const std::vector<std::string> captions = {"A red car on the street.", "the Red cat sat on the red mat",
                                           "the cat, the hat and the red bat", "street cars and street cats"};

TEST(BytePair, LearnsTheMostFrequentPairFirst) {
  // "aab" twice and "ab" once: (a,b) 3 times, (b,mark) 3, (a,a) 2. The tie goes to the smaller numbers.
  const auto tokenizer = BytePairTokenizer::train(std::vector<std::string>{"aab ab aab"}, 300);
  const std::string json = tokenizer.to_json();
  // a = 98, b = 99, mark = 257; 258 = ab, 259 = ab+mark, 260 = a+ab+mark
  EXPECT_THAT(json, HasSubstr("[[98,99],[258,257],[98,259]]"));
  EXPECT_EQ(tokenizer.vocab_size(), 263);
  EXPECT_THAT(tokenizer.encode("ab aab ba", 9), ElementsAre(261, 259, 260, 99, 98, 257, 262, 0, 0));
}

TEST(BytePair, OverlappingPairs) {
  // "aaaaa": a a a a a -> (aa)(aa)a -> ((aa)(aa))a ...; must agree with what encode() does.
  const auto tokenizer = BytePairTokenizer::train(std::vector<std::string>{"aaaaa aaaaa aaaaa"}, 400);
  EXPECT_EQ(tokenizer.encode("aaaaa", 4)[2], tokenizer.end_token());
  EXPECT_EQ(tokenizer.decode(tokenizer.encode("aaaaaaa aaaaa a", 20)), "aaaaaaa aaaaa a");
}

/// The textbook algorithm, counting everything anew for every pair.
std::vector<std::pair<int, int>> slow_training(const std::vector<std::string>& words, size_t merges) {
  std::vector<Tokens> all;
  for (const std::string& word : words) {
    all.emplace_back();
    for (const char c : word) all.back().push_back(1 + static_cast<uint8_t>(c));
    all.back().push_back(257);
  }
  std::vector<std::pair<int, int>> learned;
  while (learned.size() < merges) {
    std::map<std::pair<int, int>, int> counts;
    for (const Tokens& tokens : all)
      for (size_t i = 0; i + 1 < tokens.size(); ++i) ++counts[{tokens[i], tokens[i + 1]}];
    std::pair<int, int> best;
    int most = 1;
    for (const auto& [pair, count] : counts)
      if (count > most) best = pair, most = count;
    if (most < 2) break;
    for (Tokens& tokens : all) {
      Tokens joined;
      for (size_t i = 0; i < tokens.size(); ++i)
        if (i + 1 < tokens.size() && tokens[i] == best.first && tokens[i + 1] == best.second)
          joined.push_back(258 + static_cast<int>(learned.size())), ++i;
        else
          joined.push_back(tokens[i]);
      tokens = joined;
    }
    learned.push_back(best);
  }
  return learned;
}

TEST(BytePair, AgreesWithTheTextbookAlgorithm) {
  Random random(7, Purpose::test);
  std::vector<std::string> words;
  std::string text;
  for (int i = 0; i < 300; ++i) {
    std::string word;
    const uint32_t length = 1 + random.below(9);
    for (uint32_t k = 0; k < length; ++k) word += static_cast<char>('a' + random.below(4));
    words.push_back(word);
    text += word + " ";
  }
  std::string expected;
  for (const auto& [left, right] : slow_training(words, 200))
    expected += concat(expected.empty() ? "" : ",", "[", left, ",", right, "]");
  EXPECT_THAT(BytePairTokenizer::train(std::vector<std::string>{text}, 460).to_json(),
              HasSubstr("[" + expected + "]"));
}

TEST(BytePair, StartEndPadding) {
  const auto tokenizer = BytePairTokenizer::train(captions, 400);
  const Tokens tokens = tokenizer.encode("the red cat", 77);
  ASSERT_EQ(tokens.size(), 77u);
  EXPECT_EQ(tokens[0], tokenizer.start_token());
  EXPECT_EQ(tokens[3], tokenizer.encode("cat", 5)[1]);
  EXPECT_EQ(tokens[4], tokenizer.end_token());
  EXPECT_EQ(*std::max_element(tokens.begin(), tokens.end()), tokenizer.end_token());
  EXPECT_EQ(Tokens(tokens.begin() + 5, tokens.end()), Tokens(72));
  EXPECT_THAT(tokenizer.encode("", 4), ElementsAre(tokenizer.start_token(), tokenizer.end_token(), 0, 0));
}

TEST(BytePair, TruncationKeepsTheEnd) {
  const auto tokenizer = BytePairTokenizer::train(captions, 400);
  const std::string text = "the red cat and the red hat";
  const Tokens whole = tokenizer.encode(text, 77);
  for (int length = 2; length < 20; ++length) {
    const Tokens cut = tokenizer.encode(text, length);
    ASSERT_EQ(cut.size(), static_cast<size_t>(length));
    EXPECT_THAT(cut, Contains(tokenizer.end_token()).Times(1));
    const auto end = std::find(cut.begin(), cut.end(), tokenizer.end_token());
    EXPECT_TRUE(std::equal(cut.begin(), end, whole.begin()));
    EXPECT_TRUE(length > 9 || cut.back() == tokenizer.end_token());
  }
  EXPECT_THROW(tokenizer.encode(text, 1), Error);
  const Tokens huge = tokenizer.encode(std::string(1'000'000, 'q'), 77);
  EXPECT_EQ(huge.back(), tokenizer.end_token());
}

TEST(BytePair, AnyTextComesBack) {
  const auto tokenizer = BytePairTokenizer::train(captions, 400);
  const auto back = [&](const std::string& text) { return tokenizer.decode(tokenizer.encode(text, 2000)); };
  EXPECT_EQ(back("The  RED\tcat\n"), "the red cat");
  EXPECT_EQ(back("it's caf\xC3\xA9, \xE7\x8C\xAB \xF0\x9F\x98\x80!"),
            "it ' s caf\xC3\xA9 , \xE7\x8C\xAB \xF0\x9F\x98\x80 !");
  EXPECT_EQ(back("\xFF\xFE broken"), "\xFF\xFE broken");
  const std::string long_word(700, 'z');
  EXPECT_EQ(back(long_word + " x"), long_word + " x");
  EXPECT_EQ(back(""), "");
  EXPECT_THROW(tokenizer.decode(Tokens{tokenizer.vocab_size()}), Error);
  EXPECT_THROW(tokenizer.decode(Tokens{-1}), Error);
}

TEST(BytePair, Deterministic) {
  const auto first = BytePairTokenizer::train(captions, 350),
             second = BytePairTokenizer::train(captions, 350);
  EXPECT_EQ(first.to_json(), second.to_json());
  std::vector<std::string> reversed(captions.rbegin(), captions.rend());
  EXPECT_EQ(BytePairTokenizer::train(reversed, 350).to_json(), first.to_json());
  EXPECT_EQ(BytePairTokenizer::train(captions, 260).vocab_size(), 260);
  EXPECT_THROW(BytePairTokenizer::train(captions, 259), Error);
}

TEST(BytePair, SaveAndLoad) {
  const auto folder = fresh_folder();
  const auto tokenizer = BytePairTokenizer::train(captions, 400);
  tokenizer.save(folder / "vocabulary.json");
  const auto again = BytePairTokenizer::load(folder / "vocabulary.json");
  EXPECT_EQ(again.vocab_size(), tokenizer.vocab_size());
  EXPECT_EQ(again.to_json(), tokenizer.to_json());
  EXPECT_EQ(again.encode("the red cat sat", 20), tokenizer.encode("the red cat sat", 20));
  EXPECT_THAT(error_of([&] { BytePairTokenizer::load(folder / "none.json"); }), HasSubstr("none.json"));
}

TEST(BytePair, BadVocabularies) {
  const auto error = [](const std::string& merges) {
    return error_of([&] {
      BytePairTokenizer::from_json("{\"format\":\"t2ue-bpe\",\"version\":1,\"merges\":" + merges + "}");
    });
  };
  EXPECT_EQ(error("[]"), "");
  EXPECT_EQ(error("[[98,99],[258,257]]"), "");
  EXPECT_THAT(error("[[98,258]]"), HasSubstr("not known"));  // itself
  EXPECT_THAT(error("[[0,98]]"), HasSubstr("not known"));
  EXPECT_THAT(error("[[98,99],[98,99]]"), AllOf(HasSubstr("pair 1"), HasSubstr("twice")));
  EXPECT_THAT(error("[[257,98]]"), HasSubstr("no word"));
  EXPECT_THAT(error("[[98,257],[258,98]]"), HasSubstr("no word"));
  for (const char* merges :
       {"{}", "[98,99]", "[[98]]", "[[98,-1]]", "[[98,1e3]]", "[[98,4294967394]]", "[[98,\"99\"]]", "3"})
    EXPECT_NE(error(merges), "") << merges;
  std::string doubling = "[[98,98]";  // a token of 2^60 bytes
  for (int i = 258; i < 318; ++i) doubling += concat(",[", i, ",", i, "]");
  EXPECT_THAT(error(doubling + "]"), HasSubstr("no word"));
  for (const char* json :
       {"", "[]", "{", "{\"merges\":[]}", "{\"format\":\"t2ue-bpe\",\"version\":2,\"merges\":[]}",
        "{\"format\":\"t2ue-bpe\",\"version\":1,\"merges\":[],\"more\":1}"})
    EXPECT_THROW(BytePairTokenizer::from_json(json), Error) << json;
}

TEST(BytePair, ManyThreadsGiveTheSameTokens) {
  const auto tokenizer = BytePairTokenizer::train(captions, 400);
  const auto all = [&] {
    std::vector<Tokens> out;
    for (int i = 0; i < 500; ++i)
      out.push_back(tokenizer.encode(concat("the cat ", i % 50, " sat on mat", i), 30));
    return out;
  };
  std::vector<std::vector<Tokens>> results(4);
  std::vector<std::thread> threads;
  for (auto& result : results) threads.emplace_back([&] { result = all(); });
  for (std::thread& thread : threads) thread.join();
  const auto copy = BytePairTokenizer::from_json(tokenizer.to_json());
  for (const auto& result : results)
    for (int i = 0; i < 500; ++i)
      ASSERT_EQ(result[static_cast<size_t>(i)],
                copy.encode(concat("the cat ", i % 50, " sat on mat", i), 30));
}

}  // namespace

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <t2ue/data/records/pair_dataset.hpp>
#include <t2ue/data/text/tokenizer.hpp>

#include "data/clip_reference.hpp"
#include "data/pictures.hpp"

namespace {

using namespace t2ue;
using namespace t2ue::testing_data;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

const std::vector<std::string> captions = {
    "A red car on the street.", "the Red cat sat on the red mat", "caf\u00e9 &amp; bar \u201cthe hat\u201d",
    "", "the cat, the hat and the red bat, the cat, the hat and the red bat"};

BytePairTokenizer own() {
  return BytePairTokenizer::train(captions, 300);
}

ClipTokenizer clip() {
  return ClipTokenizer::load(reference_path("clip_bpe"), tiny_size);
}

/// Expects `tokenizer` to do what `one`, of a concrete kind, does.
template <class Concrete>
void expect_same(const Tokenizer& tokenizer, const Concrete& one) {
  EXPECT_EQ(tokenizer.vocab_size(), one.vocab_size());
  EXPECT_EQ(tokenizer.start_token(), one.start_token());
  EXPECT_EQ(tokenizer.end_token(), one.end_token());
  for (const int context : {2, 12, 77}) {
    std::vector<int32_t> rows;
    for (const std::string& caption : captions) {
      const auto row = one.encode(caption, context);
      EXPECT_EQ(tokenizer.encode(caption, context), row) << caption;
      EXPECT_EQ(tokenizer.decode(row), one.decode(row)) << caption;
      rows.insert(rows.end(), row.begin(), row.end());
    }
    EXPECT_EQ(tokenizer.encode_batch(captions, context), rows);
  }
}

TEST(Tokenizer, IsWhatItIsMadeFrom) {
  expect_same(own(), own());
  expect_same(clip(), clip());
}

TEST(Tokenizer, JsonHoldsEverything) {
  const std::string own_json = Tokenizer(own()).to_json(), clip_json = Tokenizer(clip()).to_json();
  expect_same(Tokenizer::from_json(own_json), own());
  expect_same(Tokenizer::from_json(clip_json), clip());
  EXPECT_EQ(own_json, own().to_json()) << "older files hold this";
  EXPECT_EQ(Tokenizer::from_json(clip_json).to_json(), clip_json);
  const auto json = nlohmann::json::parse(clip_json);
  EXPECT_EQ(json.at("format"), "clip-bpe");
  EXPECT_EQ(json.at("merges"), read_text(reference_path("clip_bpe/merges.txt")));
  // Model files keep it among other things, members in another order.
  expect_same(Tokenizer::from_json(json.dump(1)), clip());
}

TEST(Tokenizer, ThePublishedVocabularyFitsAModelFile) {
  const auto path = published_vocabulary();
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "OpenAI's vocabulary is not there: " << path;
  const Tokenizer tokenizer = Tokenizer::load(path);
  const std::string json = tokenizer.to_json();
  EXPECT_LT(json.size(), 700'000u);
  EXPECT_THAT(Tokenizer::from_json(json).encode("a photo of a cat", 8),
              ElementsAre(49406, 320, 1125, 539, 320, 2368, 49407, 0));
}

TEST(Tokenizer, LoadRecognisesEveryForm) {
  for (const char* name : {"merges.txt", "bpe_simple_vocab_16e6.txt.gz", "tokenizer.json",
                           "tokenizer_pairs.json", "vocab.json", ""})
    expect_same(Tokenizer::load(reference_path("clip_bpe") / name, tiny_size), clip());
  const auto folder = fresh_folder();
  own().save(folder / "a.vocab.json");
  expect_same(Tokenizer::load(folder / "a.vocab.json"), own());
  write_file(folder / "b.vocab.json", std::string_view(Tokenizer(clip()).to_json()));
  expect_same(Tokenizer::load(folder / "b.vocab.json"), clip());
}

TEST(Tokenizer, WrongFilesAreNamed) {
  const auto folder = fresh_folder();
  const auto error = [&](const std::string& name, std::string_view text) {
    write_file(folder / name, text);
    return error_of([&] { Tokenizer::load(folder / name, tiny_size); });
  };
  EXPECT_THAT(error_of([&] { Tokenizer::load(folder / "none.json"); }), HasSubstr("none.json"));
  EXPECT_THAT(error_of([&] { Tokenizer::load(folder); }), HasSubstr("no tokenizer.json"));
  EXPECT_THAT(error_of([&] { Tokenizer::load(folder / std::string(5000, 'x')); }), HasSubstr("xxxx"));
  EXPECT_THAT(error("a.txt", "a cat sat\n"), AllOf(HasSubstr("a.txt"), HasSubstr("#version")));
  EXPECT_THAT(error("empty", ""), AllOf(HasSubstr("empty"), HasSubstr("0 merges")));
  EXPECT_THAT(error("a.json", "{}"), AllOf(HasSubstr("a.json"), HasSubstr("merges.txt")));
  EXPECT_THAT(error_of([] { Tokenizer::load(reference_path("clip_bpe/merges.txt")); }),
              AllOf(HasSubstr("merges.txt"), HasSubstr("250 merges"), HasSubstr("48894")));
  const std::string ours = own().to_json();
  EXPECT_THAT(error("b.json", ours.substr(0, ours.size() / 2)),
              AllOf(HasSubstr("b.json"), HasSubstr("not a vocabulary of t2ue")));
  const std::string clips = Tokenizer(clip()).to_json();
  EXPECT_THAT(error("c.json", clips.substr(0, clips.size() / 2)),
              AllOf(HasSubstr("c.json"), HasSubstr("cut off")));
}

TEST(Tokenizer, DamagedJsonOfClipIsRefused) {
  const auto error = [](const std::string& merges, const std::string& more = "") {
    return error_of(
        [&] { Tokenizer::from_json(R"({"format":"clip-bpe","version":1,"merges":)" + merges + more + "}"); });
  };
  EXPECT_EQ(error(R"("#version: 0.2\nt h\nth e</w>\n")"), "");
  EXPECT_EQ(error(R"("#version: 0.2\n")"), "");
  EXPECT_THAT(error(R"("#version: 0.2\nt h\nth e</w>")"), HasSubstr("cut off"));
  EXPECT_THAT(error(R"("#version: 0.2\r\nt h\r\n")"), HasSubstr("as t2ue writes it"));
  EXPECT_THAT(error(R"("")"), HasSubstr("not 513"));
  EXPECT_THAT(error(R"("t h\nth e\n")"), HasSubstr("#version"));
  EXPECT_THAT(error(R"("#version: 0.2\nt he\n")"), HasSubstr("no merge before"));
  EXPECT_THAT(error("[]"), HasSubstr("version 1"));
  EXPECT_THAT(error(R"("#version: 0.2\n")", R"(,"more":1)"), HasSubstr("version 1"));
  EXPECT_THAT(error_of([] { Tokenizer::from_json(R"({"format":"clip-bpe","version":2,"merges":""})"); }),
              HasSubstr("version 1"));
  EXPECT_THAT(error("\"" + std::string((16 << 20) + 1, 'a') + "\""), HasSubstr("more than"));
  for (const char* json : {"", "[]", "3", R"({"format":"other"})", R"("clip-bpe")"})
    EXPECT_THAT(error_of([&] { Tokenizer::from_json(json); }), HasSubstr("not a vocabulary of t2ue")) << json;
}

/// As CLIP's text.argmax(dim=-1), which finds the first of the largest numbers.
TEST(Tokenizer, EndsAreWhereTheLargestNumberIs) {
  const std::vector<std::string> texts = {"a cat", "", "a cat <|endoftext|> sat", captions.back()};
  for (const Tokenizer& tokenizer : {Tokenizer(own()), Tokenizer(clip())}) {
    const auto ids = tokenizer.encode_batch(texts, 16);
    const auto ends = tokenizer.end_positions(ids, 16);
    ASSERT_EQ(ends.size(), texts.size());
    for (size_t i = 0; i < texts.size(); ++i) {
      const auto row = ids.begin() + static_cast<ptrdiff_t>(16 * i);
      EXPECT_EQ(ends[i], std::max_element(row, row + 16) - row) << texts[i];
    }
    EXPECT_EQ(ends[1], 1);
    EXPECT_EQ(ends[3], 15) << "a text that was cut";
    EXPECT_THAT(tokenizer.end_positions({}, 16), testing::IsEmpty());
    EXPECT_THAT(error_of([&] { tokenizer.end_positions(ids, 15); }), HasSubstr("rows of 15"));
    const std::vector<int32_t> none(16);
    EXPECT_THAT(error_of([&] { tokenizer.end_positions(none, 16); }), HasSubstr("no end token"));
  }
}

TEST(Tokenizer, BadTexts) {
  const Tokenizer tokenizer = clip();
  const std::vector<std::string> texts = {"a cat", "\xC3\x28"};
  EXPECT_THAT(error_of([&] { tokenizer.encode_batch(texts, 8); }), HasSubstr("text 1"));
  for (const Tokenizer& either : {Tokenizer(own()), tokenizer}) {
    EXPECT_THAT(error_of([&] { either.encode("a", 1); }), HasSubstr("not 1"));
    EXPECT_THAT(error_of([&] { either.encode_batch(captions, 1); }), HasSubstr("not 1"));
    EXPECT_THAT(error_of([&] { either.decode(std::vector<int32_t>{either.vocab_size()}); }),
                HasSubstr("outside the vocabulary"));
  }
}

TEST(Tokenizer, FillsTheRowsOfADataset) {
  for (const Tokenizer& tokenizer : {Tokenizer(own()), Tokenizer(clip())}) {
    PairDataset data;
    data.captions = captions;
    tokenise_captions(data, tokenizer, 12);
    EXPECT_EQ(data.context_length, 12);
    EXPECT_EQ(data.ids, tokenizer.encode_batch(captions, 12));
    EXPECT_EQ(data.end, tokenizer.end_positions(data.ids, 12));
    tokenise_captions(data, tokenizer, 9);
    EXPECT_EQ(data.ids.size(), 9 * captions.size()) << "the rows before are gone";
  }
}

}  // namespace

#include <gtest/gtest.h>

#include <t2ue/data/text/caption_keywords.hpp>

#include <t2ue/core/error.hpp>

namespace t2ue {
namespace {

TEST(CaptionKeywords, TheFirstWholeWordDecides) {
  const CaptionKeywords keywords{{"flag", "cat"}};
  EXPECT_EQ(keywords.groups(), 3);
  EXPECT_EQ(keywords.group_of("a cat on a FLAG"), 0);
  EXPECT_EQ(keywords.group_of("Cat, asleep"), 1);
  EXPECT_EQ(keywords.group_of("cats and flags"), 2) << "parts of words are no words";
  EXPECT_EQ(keywords.group_of(""), 2);
  EXPECT_EQ(keywords.reduce("two cats"), "picture");
  EXPECT_EQ(keywords.reduce("my cat"), "cat");
  EXPECT_EQ(keywords.prompts(), (std::vector<std::string>{"flag", "cat", "picture"}));
}

TEST(CaptionKeywords, WithoutAnyCaptionsStandForThemselves) {
  EXPECT_EQ(CaptionKeywords{}.groups(), 0);
  EXPECT_TRUE(CaptionKeywords{}.prompts().empty());
  EXPECT_EQ(CaptionKeywords{}.reduce("my cat"), "my cat");
  EXPECT_THROW(CaptionKeywords{}.group_of("my cat"), Error);
  EXPECT_THROW((CaptionKeywords{{"cat"}}.prompt(2)), Error);
}

TEST(CaptionKeywords, LearnTakesWhatMostCaptionsWithoutOneHold) {
  // Twelve distinct captions: a word in more than two of them parts nothing.
  std::vector<std::string> captions{"red dog", "red fox", "the dog", "the fox"};
  for (const char* other : {"ale", "bay", "cod", "dew", "elm", "fig", "gum", "hay"})
    captions.push_back(std::string("the ") + other);
  captions.push_back("red dog");  // a repetition counts once
  const CaptionKeywords keywords = CaptionKeywords::learn(captions, 4);
  // "dog", "fox" and "red" are in two captions each: the alphabet decides, and then "red" has none left.
  EXPECT_EQ(keywords.words, (std::vector<std::string>{"dog", "fox", "ale"}));
}

TEST(CaptionKeywords, RefusesWhatCannotBe) {
  const std::vector<std::string> captions{"all the same", "all the way"};
  EXPECT_THROW(CaptionKeywords::learn(captions, 1), Error);
  EXPECT_THROW(CaptionKeywords::learn(captions, 2), Error) << "every word is in half of the captions";
  EXPECT_THROW(CaptionKeywords::learn({}, 2), Error);
}

}  // namespace
}  // namespace t2ue

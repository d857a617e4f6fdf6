// Items of a few classes, with captions, and what every method must fulfil.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include <t2ue/noise/budget.hpp>
#include <t2ue/noise/noise_source.hpp>

namespace t2ue::testing_methods {

/// Colours and things in every combination, four phrases each: 80 different captions.
inline std::vector<std::string> captions() {
  std::vector<std::string> all;
  for (const char* colour : {"red", "green", "blue", "black", "white"})
    for (const char* thing : {"dog", "cat", "car", "tree"}) {
      all.push_back(concat("a ", colour, ' ', thing, " in the park"));
      all.push_back(concat("the ", thing, " is ", colour));
      all.push_back(concat("one ", thing, ", quite ", colour));
      all.push_back(concat("I saw some ", colour, ' ', thing));
    }
  return all;
}

inline std::vector<NoiseItem> items(int count, int classes) {
  const std::vector<std::string> texts = captions();
  std::vector<NoiseItem> list;
  for (int i = 0; i < count; ++i)
    list.push_back(
        {concat("item", i), texts[static_cast<size_t>(i * 7) % texts.size()], i % classes, nullptr});
  return list;
}

inline size_t distinct(const std::vector<Noise>& noises) {
  std::set<std::string> hashes;
  for (const Noise& noise : noises) hashes.insert(sha256_of(noise));
  return hashes.size();
}

/// Another source made the same way gives the same noises; neither batch mates nor their order matter; all
/// are within the card's budget, and none is nothing. Returns them.
inline std::vector<Noise> expect_sound(NoiseSource& source, NoiseSource& again,
                                       const std::vector<NoiseItem>& list) {
  const std::vector<Noise> noises = source.make(list);
  EXPECT_EQ(noises.size(), list.size());
  EXPECT_EQ(again.make(list), noises) << "not deterministic";
  std::vector<NoiseItem> backwards(list.rbegin(), list.rend());
  std::vector<Noise> turned = source.make(backwards);
  std::reverse(turned.begin(), turned.end());
  EXPECT_EQ(turned, noises) << "the order matters";
  for (size_t i = 0; i < list.size(); ++i) {
    EXPECT_EQ(source.make(std::span(list).subspan(i, 1)).front(), noises[i]) << "depends on its batch mates";
    EXPECT_NO_THROW(check_budget(source.card(), noises[i]));
    EXPECT_GT(max_step(noises[i]), 0);
    EXPECT_LE(max_step(noises[i]), source.card().max_steps());
  }
  return noises;
}

}  // namespace t2ue::testing_methods

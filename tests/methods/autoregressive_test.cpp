#include <gtest/gtest.h>

#include <cmath>
#include <t2ue/methods/autoregressive.hpp>

#include "errors.hpp"
#include "methods/items.hpp"

namespace t2ue {
namespace {

using testing_errors::expect_error;
using testing_methods::distinct;
using testing_methods::expect_sound;

TEST(Autoregressive, TheRecurrenceHoldsBeforeScaling) {
  const Autoregressive source(32, 24, {.classes = 4, .seed = 1});
  for (const NoiseItem& item : testing_methods::items(8, 4)) {
    const std::vector<double> noise = source.process_of(item);
    const ArProcess& process = source.processes()[static_cast<size_t>(*item.label)];
    for (size_t c = 0; c < 3; ++c) {
      EXPECT_EQ(process[c][8], 0.0);
      for (size_t y = 2; y < 32; ++y)
        for (size_t x = 2; x < 24; ++x) {
          double sum = 0, terms = 0;
          for (size_t dy = 0; dy < 3; ++dy)
            for (size_t dx = 0; dx < 3; ++dx) {
              const double term = process[c][3 * dy + dx] * noise[((y - 2 + dy) * 24 + x - 2 + dx) * 3 + c];
              sum += term;
              terms += std::abs(term);
            }
          // Equal but for the order in which a compiler may fuse the eight products: a few last bits.
          EXPECT_NEAR(noise[(y * 24 + x) * 3 + c], sum, 4e-15 * terms);
        }
    }
  }
}

TEST(Autoregressive, ItsOwnFilterIsSilentAndOthersAnswer) {
  const Autoregressive source(32, 32, {.classes = 10, .seed = 2});
  const std::vector<NoiseItem> items = testing_methods::items(10, 10);
  for (const NoiseItem& item : items) {
    const std::vector<double> noise = source.process_of(item);
    for (size_t other = 0; other < 10; ++other) {
      double squares = 0;
      for (size_t c = 0; c < 3; ++c) {
        std::vector<double> channel;
        for (size_t i = c; i < noise.size(); i += 3) channel.push_back(noise[i]);
        const double answer = autoregressive_response(source.processes()[other][c], channel, 32, 32);
        squares += answer * answer;
      }
      if (other == static_cast<size_t>(*item.label))
        EXPECT_LT(std::sqrt(squares), 1e-13);
      else
        // The search asks ar_least_response of its own fields; this one has another start.
        EXPECT_GT(std::sqrt(squares), ar_least_response / 3) << item.key << " " << other;
    }
  }
}

TEST(Autoregressive, IsSoundInBothNorms) {
  const std::vector<NoiseItem> items = testing_methods::items(12, 5);
  for (const Budget budget : {Budget{Norm::l2, 0}, linf_budget("ar", 8)}) {
    const Autoregressive::Options options{.classes = 5, .budget = budget, .seed = 3};
    Autoregressive source(32, 32, options), again(32, 32, options);
    const std::vector<Noise> noises = expect_sound(source, again, items);
    EXPECT_EQ(distinct(noises), 12u) << "every item has its own start";
    if (budget.norm == Norm::l2) {
      EXPECT_EQ(source.card().eps, 1.0f);
      for (const Noise& noise : noises) EXPECT_GT(norms_of(noise).l2, 0.99);
    } else {
      for (const Noise& noise : noises) EXPECT_EQ(max_step(noise), 8);
    }
  }
  EXPECT_EQ(Autoregressive::default_norm(96, 96), 3.0) << "the paper's, for STL-10";
}

TEST(Autoregressive, EveryClassOfAHundredStaysFinite) {
  for (const int classes : {1, 2, 100}) {
    Autoregressive source(32, 32, {.classes = classes, .seed = 0});
    std::vector<NoiseItem> items;
    for (int i = 0; i < 3 * classes; ++i) items.push_back({concat("key", i), "", i % classes, nullptr});
    for (const NoiseItem& item : items)
      for (const double value : source.process_of(item)) ASSERT_TRUE(std::isfinite(value)) << item.key;
    for (const Noise& noise : source.make(items)) EXPECT_GT(norms_of(noise).l2, 0.97);
  }
}

TEST(Autoregressive, AClassesProcessDoesNotDependOnHowManyThereAre) {
  const std::vector<ArProcess> few = find_autoregressive_processes(3, 32, 32, 7);
  const std::vector<ArProcess> more = find_autoregressive_processes(8, 32, 32, 7);
  EXPECT_TRUE(std::equal(few.begin(), few.end(), more.begin()));
  EXPECT_NE(few, find_autoregressive_processes(3, 32, 32, 8)) << "the seed is not used";
}

TEST(Autoregressive, LargerNoiseStaysWithinItsBudget) {
  Autoregressive source(96, 80, {.classes = 2, .seed = 1});
  for (const Noise& noise : source.make(testing_methods::items(4, 2)))
    EXPECT_NO_THROW(check_budget(source.card(), noise));
}

TEST(Autoregressive, RefusesWhatItCannotDo) {
  expect_error([] { Autoregressive(32, 32, {.classes = 0}); }, {"ar", "0 classes"});
  expect_error([] { Autoregressive(0, 32, {}); }, {"ar", "not positive"});
  expect_error([] { Autoregressive(2, 32, {}); }, {"ar", "2 x 32"});
  Autoregressive source(32, 32, {.classes = 2});
  expect_error([&] { source.make(std::vector<NoiseItem>{{"far", "", 2, nullptr}}); }, {"far", "class 2"});
  expect_error([&] { source.make(std::vector<NoiseItem>{{"none", "", {}, nullptr}}); }, {"none", "no class"});
}

}  // namespace
}  // namespace t2ue

#include <gtest/gtest.h>
#include <omp.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <t2ue/core/error.hpp>
#include <t2ue/core/rng.hpp>
#include <t2ue/eval/retrieval.hpp>
#include <vector>

namespace {

using namespace t2ue;

std::vector<float> random_features(int64_t rows, int64_t dim, uint64_t item) {
  Random random(1, Purpose::test, item);
  std::vector<float> values;
  for (int64_t i = 0; i < rows * dim; ++i) values.push_back(random.normal());
  return values;
}

std::vector<float> identity(int64_t count) {
  std::vector<float> values(static_cast<size_t>(count * count));
  for (int64_t i = 0; i < count; ++i) values[static_cast<size_t>(i * count + i)] = 1;
  return values;
}

// An independent reference: the whole score matrix in double, and every order of the tied counted one by one.
struct Reference {
  std::vector<double> rank;
  std::array<double, 3> hit{};
};

Reference brute_force(const std::vector<float>& queries, const std::vector<int64_t>& query_picture,
                      const std::vector<float>& gallery, const std::vector<int64_t>& gallery_picture,
                      size_t dim) {
  Reference reference;
  const size_t items = gallery_picture.size();
  for (size_t q = 0; q < query_picture.size(); ++q) {
    std::vector<std::pair<double, bool>> scored;
    double best = -std::numeric_limits<double>::infinity();
    for (size_t g = 0; g < items; ++g) {
      double score = 0;
      for (size_t d = 0; d < dim; ++d) score += double{queries[q * dim + d]} * gallery[g * dim + d];
      const bool partner = gallery_picture[g] == query_picture[q];
      scored.emplace_back(score, partner);
      if (partner) best = std::max(best, score);
    }
    double before = 0;
    std::string tied;  // the items at the best partner's score: 'p' a partner, 'x' another
    for (const auto& [score, partner] : scored) {
      if (score > best) before += 1;
      if (score == best) tied += partner ? 'p' : 'x';
    }
    std::sort(tied.begin(), tied.end());
    double orders = 0;
    double rank = 0;
    std::array<double, 3> hit{};
    do {
      const double place = before + 1 + static_cast<double>(tied.find('p'));
      rank += place;
      for (size_t k = 0; k < hit.size(); ++k) hit[k] += place <= static_cast<double>(kHitAt[k]);
      orders += 1;
    } while (std::next_permutation(tied.begin(), tied.end()));
    reference.rank.push_back(rank / orders);
    for (size_t k = 0; k < hit.size(); ++k)
      reference.hit[k] += 100 * hit[k] / orders / static_cast<double>(query_picture.size());
  }
  return reference;
}

void expect_matches(const RetrievalDirection& got, const Reference& want) {
  double mean = 0;
  for (const double rank : want.rank) mean += rank / static_cast<double>(want.rank.size());
  EXPECT_NEAR(got.mean_rank, mean, 1e-9);
  std::vector<double> sorted = want.rank;
  std::sort(sorted.begin(), sorted.end());
  EXPECT_NEAR(got.median_rank, (sorted[(sorted.size() - 1) / 2] + sorted[sorted.size() / 2]) / 2, 1e-9);
  for (size_t k = 0; k < kHitAt.size(); ++k)
    EXPECT_NEAR(got.hit[k], want.hit[k], 1e-9) << "k = " << kHitAt[k];
}

std::vector<int64_t> numbers(int64_t count) {
  std::vector<int64_t> values;
  for (int64_t i = 0; i < count; ++i) values.push_back(i);
  return values;
}

TEST(Retrieval, PerfectFeaturesHitAlways) {
  const auto features = identity(12);
  const RetrievalResult result = retrieval(features, features, 12);
  for (const RetrievalDirection& direction : {result.image_to_text, result.text_to_image}) {
    EXPECT_NEAR(direction.hit[0], 100, 1e-9);
    EXPECT_EQ(direction.median_rank, 1);
    EXPECT_EQ(direction.median_rank_published, 1);
    EXPECT_NEAR(direction.mean_rank, 1, 1e-12);
    EXPECT_EQ(direction.tied, 0);
    for (const Interval& interval : direction.hit_interval) {
      EXPECT_NEAR(interval.low, 100, 1e-9);
      EXPECT_NEAR(interval.high, 100, 1e-9);
    }
  }
}

// Scores, images down, texts across:      image ranks  1, 3, 2;  text ranks 1, 3, 2
//   0.9 0.8 0.1
//   0.7 0.2 0.6
//   0.3 0.5 0.4
TEST(Retrieval, HandWorkedThreePairs) {
  const std::vector<float> images = {0.9f, 0.8f, 0.1f, 0.7f, 0.2f, 0.6f, 0.3f, 0.5f, 0.4f};
  const RetrievalResult result = retrieval(images, identity(3), 3);
  for (const RetrievalDirection& direction : {result.image_to_text, result.text_to_image}) {
    EXPECT_NEAR(direction.hit[0], 100.0 / 3, 1e-9);
    EXPECT_NEAR(direction.hit[1], 100, 1e-9);
    EXPECT_NEAR(direction.mean_rank, 2, 1e-12);
    EXPECT_EQ(direction.median_rank, 2);
    EXPECT_EQ(direction.median_rank_published, 2);
    EXPECT_NEAR(direction.chance.hit[0], 100.0 / 3, 1e-9);
    EXPECT_EQ(direction.chance.median_rank, 2);
  }
}

// Image 0 scores 0.5 with texts 0, 1 and 2 and 0.7 with text 3: one greater, two equal, rank 1 + 1 + 2/2 = 3.
TEST(Retrieval, TiesShareTheirPlaces) {
  std::vector<float> images = identity(4);
  const std::vector<float> first = {0.5f, 0.5f, 0.5f, 0.7f};
  std::copy(first.begin(), first.end(), images.begin());
  const RetrievalDirection result = retrieval(images, identity(4), 4).image_to_text;
  EXPECT_NEAR(result.mean_rank, (3.0 + 1 + 1 + 1) / 4, 1e-12);
  EXPECT_NEAR(result.hit[0], 75, 1e-9);
  EXPECT_NEAR(result.hit[1], 100, 1e-9);
  EXPECT_NEAR(result.tied, 25, 1e-9);
  EXPECT_EQ(result.median_rank, 1);
}

TEST(Retrieval, TieBoundsOfOneQuery) {
  // Two pairs; image 0 scores 1 with both texts, image 1 only with its own.
  const std::vector<float> images = {1, 1, 0, 1};
  const RetrievalDirection result = retrieval(images, identity(2), 2).image_to_text;
  EXPECT_NEAR(result.hit_optimistic[0], 100, 1e-9);
  EXPECT_NEAR(result.hit[0], 75, 1e-9);
  EXPECT_NEAR(result.hit_pessimistic[0], 50, 1e-9);
  EXPECT_NEAR(result.median_rank_optimistic, 1, 1e-12);
  EXPECT_NEAR(result.median_rank, 1.25, 1e-12);
  EXPECT_NEAR(result.median_rank_pessimistic, 1.5, 1e-12);
  EXPECT_EQ(result.median_rank_published, 1);
}

TEST(Retrieval, AllEqualFeaturesGiveExactlyChance) {
  constexpr int64_t count = 1641;
  const std::vector<float> features(count * 3, 0.1f);
  const RetrievalResult result = retrieval(features, features, 3);
  for (const RetrievalDirection& direction : {result.image_to_text, result.text_to_image}) {
    for (size_t k = 0; k < kHitAt.size(); ++k) {
      EXPECT_NEAR(direction.hit[k], direction.chance.hit[k], 1e-9);
      EXPECT_NEAR(direction.chance.hit[k], 100.0 * static_cast<double>(kHitAt[k]) / count, 1e-9);
      EXPECT_NEAR(direction.hit_optimistic[k], 100, 1e-9);
      EXPECT_EQ(direction.hit_pessimistic[k], 0);
    }
    EXPECT_EQ(direction.median_rank, 821);
    EXPECT_EQ(direction.chance.median_rank, 821);
    EXPECT_NEAR(direction.tied, 100, 1e-9);
  }
}

TEST(Retrieval, RandomFeaturesAreNearChance) {
  constexpr int64_t count = 1000;
  const auto images = random_features(count, 32, 0);
  const auto texts = random_features(count, 32, 1);
  const RetrievalResult result = retrieval(images, texts, 32);
  for (const RetrievalDirection& direction : {result.image_to_text, result.text_to_image}) {
    EXPECT_NEAR(direction.chance.hit[2], 1, 1e-9);
    EXPECT_NEAR(direction.hit[2], 1, 1.5);  // binomial, sigma 0.31
    EXPECT_NEAR(direction.median_rank, 500.5, 60);
    EXPECT_EQ(direction.chance.median_rank, 500.5);
    for (size_t k = 0; k < kHitAt.size(); ++k) {
      EXPECT_LE(direction.hit_interval[k].low, direction.hit[k]) << "k = " << kHitAt[k];
      EXPECT_GE(direction.hit_interval[k].high, direction.hit[k]) << "k = " << kHitAt[k];
    }
    EXPECT_LT(direction.hit_interval[2].low, 1.5);
    EXPECT_GT(direction.hit_interval[2].high, 0.5);
    EXPECT_LT(direction.hit_interval[2].low, direction.hit_interval[2].high);
  }
}

// Three pictures, two captions each. Scores, pictures down, captions 0a 0b 1a 1b 2a 2b across:
//   0:  .1 .9   .8 .2   .3 .0     best caption .9: rank 1
//   1:  .7 .6   .5 .4   .0 .1     best .5, before it .7 .6: rank 3
//   2:  .9 .2   .9 .1   .3 .9     best .9, tied with two others: rank 1 + 2/2 = 2
// Captions, down the columns: 0a .1 against .7 .9: 3;  0b .9 first: 1;  1a .5 against .8 .9: 3;  1b .4 first:
// 1;
//   2a .3 tied with picture 0: 1.5;  2b .9 first: 1.
TEST(Retrieval, AnyHitHandWorked) {
  const std::vector<float> images = {.1f, .9f, .8f, .2f, .3f, 0,   .7f, .6f, .5f,
                                     .4f, 0,   .1f, .9f, .2f, .9f, .1f, .3f, .9f};
  const std::vector<int64_t> owner = {0, 0, 1, 1, 2, 2};
  const RetrievalResult result = retrieval(images, identity(6), 6, owner);
  const RetrievalDirection& by_image = result.image_to_text;
  EXPECT_EQ(by_image.queries, 3);
  EXPECT_EQ(by_image.gallery, 6);
  EXPECT_NEAR(by_image.mean_rank, (1 + 3 + 2) / 3.0, 1e-12);
  EXPECT_NEAR(by_image.hit[0], 100 * (1 + 0 + 1.0 / 3) / 3, 1e-9);
  EXPECT_EQ(by_image.median_rank, 2);
  EXPECT_NEAR(by_image.tied, 100.0 / 3, 1e-9);
  // One of 2 partners among 6: P(rank 1) = 1/3, P(rank <= 2) = 1 - (4*3)/(6*5) = 0.6.
  EXPECT_NEAR(by_image.chance.hit[0], 100.0 / 3, 1e-9);
  EXPECT_NEAR(by_image.chance.hit[1], 100, 1e-9);
  EXPECT_EQ(by_image.chance.median_rank, 2);

  const RetrievalDirection& by_text = result.text_to_image;
  EXPECT_EQ(by_text.queries, 6);
  EXPECT_NEAR(by_text.mean_rank, (3 + 1 + 3 + 1 + 1.5 + 1) / 6, 1e-12);
  EXPECT_NEAR(by_text.median_rank, 1.25, 1e-12);
  EXPECT_NEAR(by_text.hit[0], 100 * 3.5 / 6, 1e-9);
  EXPECT_NEAR(by_text.chance.hit[0], 100.0 / 3, 1e-9);
}

TEST(Retrieval, AnyHitWithAllEqualFeaturesGivesExactlyChance) {
  const std::vector<int64_t> owner = {0, 0, 0, 1, 2, 2, 2, 2, 2, 3, 3, 4, 5, 6, 7, 8, 9, 10, 11, 11};
  const std::vector<float> images(12 * 5, 0.5f);
  const std::vector<float> texts(owner.size() * 5, 0.5f);
  const RetrievalResult result = retrieval(images, texts, 5, owner);
  for (const RetrievalDirection& direction : {result.image_to_text, result.text_to_image})
    for (size_t k = 0; k < kHitAt.size(); ++k) EXPECT_NEAR(direction.hit[k], direction.chance.hit[k], 1e-9);
  // An image with m of 20 captions has the expected rank 21 / (m + 1).
  EXPECT_NEAR(result.image_to_text.mean_rank, (21.0 / 4 + 21.0 / 6 + 2 * 21.0 / 3 + 8 * 21.0 / 2) / 12, 1e-9);
}

TEST(Retrieval, ChanceOfATestSplitOfFlickr8k) {
  std::vector<int64_t> owner;
  for (int64_t i = 0; i < 5000; ++i) owner.push_back(i / 5);
  const std::vector<float> images(1000, 1.0f), texts(5000, 1.0f);
  const RetrievalResult result = retrieval(images, texts, 1, owner, {.resamples = 1});
  EXPECT_NEAR(result.image_to_text.chance.hit[2], 0.996, 5e-4);
  EXPECT_EQ(result.image_to_text.chance.median_rank, 647);
  EXPECT_NEAR(result.image_to_text.chance.mean_rank, 5001.0 / 6, 1e-9);
  EXPECT_NEAR(result.text_to_image.chance.hit[2], 1, 1e-9);
  EXPECT_EQ(result.text_to_image.chance.median_rank, 500.5);
}

TEST(Retrieval, MatchesBruteForceInDouble) {
  // Features of small whole numbers: every score is exact in float and in double, and there are many ties.
  for (uint64_t trial = 0; trial < 8; ++trial) {
    constexpr int64_t dim = 19;
    const int64_t images = 9 + static_cast<int64_t>(trial) * 5;
    const bool any_hit = trial % 2 == 1;
    const int64_t texts = any_hit ? images + 14 : images;
    Random random(trial, Purpose::test);
    const auto draw = [&](int64_t rows) {
      std::vector<float> values;
      for (int64_t i = 0; i < rows * dim; ++i) values.push_back(static_cast<float>(random.below(3)) - 1);
      return values;
    };
    const auto image_features = draw(images);
    const auto text_features = draw(texts);
    std::vector<int64_t> owner = numbers(images);
    for (int64_t j = images; j < texts; ++j) owner.push_back(random.below(static_cast<uint32_t>(images)));
    const auto result = retrieval(image_features, text_features, dim,
                                  any_hit ? std::span<const int64_t>(owner) : std::span<const int64_t>());
    const auto each = numbers(images);
    expect_matches(result.image_to_text, brute_force(image_features, each, text_features, owner, dim));
    expect_matches(result.text_to_image, brute_force(text_features, owner, image_features, each, dim));
  }
}

TEST(Retrieval, EqualRowsTieAtAnyWidth) {
  // The same text twice must tie, whatever the number of lanes and threads does to the sums.
  for (const int64_t dim : {1, 7, 16, 31, 512}) {
    const auto images = random_features(40, dim, 3);
    auto texts = random_features(40, dim, 4);
    for (int64_t j = 1; j < 40; j += 2)
      std::copy_n(texts.begin() + (j - 1) * dim, dim, texts.begin() + j * dim);
    const RetrievalDirection result = retrieval(images, texts, dim).image_to_text;
    EXPECT_NEAR(result.tied, 100, 1e-9) << "dim " << dim;
  }
}

TEST(Retrieval, ThreadsDoNotChangeTheBits) {
  const auto images = random_features(133, 65, 5);
  const auto texts = random_features(133, 65, 6);
  const int threads = omp_get_max_threads();
  omp_set_num_threads(1);
  const std::string one = to_json(retrieval(images, texts, 65)).dump();
  omp_set_num_threads(5);
  const std::string five = to_json(retrieval(images, texts, 65)).dump();
  omp_set_num_threads(threads);
  EXPECT_EQ(one, five);
}

TEST(Retrieval, RefusesFeaturesThatAreNotNumbers) {
  const auto good = identity(4);
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), 1e19f}) {
    auto features = good;
    features[6] = bad;
    EXPECT_THROW(retrieval(features, good, 4), Error);
    EXPECT_THROW(retrieval(good, features, 4), Error);
  }
  try {
    auto features = good;
    features[6] = std::numeric_limits<float>::quiet_NaN();
    retrieval(good, features, 4);
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("text features, row 1"), std::string::npos) << error.what();
  }
}

TEST(Retrieval, RefusesSizesThatDoNotFit) {
  const auto four = identity(4);
  const std::vector<float> three(four.begin(), four.end() - 4);
  EXPECT_THROW(retrieval(four, three, 4), Error);  // one to one, different numbers
  EXPECT_THROW(retrieval(four, four, 3), Error);
  EXPECT_THROW(retrieval(four, four, 0), Error);
  EXPECT_THROW(retrieval({}, {}, 4), Error);
  const std::vector<int64_t> short_owner = {0, 1, 2}, outside = {0, 1, 2, 4}, negative = {0, 1, 2, -1},
                             uncaptioned = {0, 1, 2, 2};
  for (const auto& owner : {short_owner, outside, negative, uncaptioned})
    EXPECT_THROW(retrieval(four, four, 4, owner), Error);
}

TEST(Retrieval, IntervalsAreThoseOfTheQueriesByPicture) {
  const std::vector<int64_t> owner = {0, 0, 1, 2, 2, 2, 3, 4, 5, 5, 6, 7, 8, 9, 10, 11};
  const auto images = random_features(12, 8, 7), texts = random_features(16, 8, 8);
  const BootstrapOptions bootstrap{.seed = 11, .resamples = 200};
  const RetrievalDirection result = retrieval(images, texts, 8, owner, bootstrap).text_to_image;
  ASSERT_EQ(result.standings.size(), 16U);
  for (size_t k = 0; k < kHitAt.size(); ++k) {
    std::vector<double> hits;
    for (const QueryStanding& standing : result.standings) hits.push_back(100 * standing.hit(kHitAt[k]));
    const Interval interval = bootstrap_mean(hits, owner, 12, bootstrap, 1);
    EXPECT_EQ(result.hit_interval[k].low, interval.low);
    EXPECT_EQ(result.hit_interval[k].high, interval.high);
  }
  const auto json = to_json(retrieval(images, texts, 8, owner, bootstrap)).at("text_to_image");
  EXPECT_EQ(json.at("hit_interval").at("5"),
            (std::vector<double>{result.hit_interval[1].low, result.hit_interval[1].high}));
  EXPECT_EQ(json.at("mean_rank_pessimistic"), result.mean_rank_pessimistic);
  EXPECT_EQ(json.at("chance").at("mean_rank"), 6.5);
  EXPECT_FALSE(json.contains("standings"));
}

TEST(Bootstrap, CoversTheBinomialAndShrinksWithIt) {
  std::vector<double> few, many;
  for (int i = 0; i < 100; ++i) few.push_back(i < 30 ? 100 : 0);
  for (int i = 0; i < 10000; ++i) many.push_back(i < 3000 ? 100 : 0);
  const Interval wide = bootstrap_mean(few, {}, 0, {.seed = 7, .resamples = 2000});
  const Interval narrow = bootstrap_mean(many, {}, 0, {.seed = 7, .resamples = 2000});
  // 30 % of 100: sigma = 4.58, so 30 +- 9.0; of 10,000: 30 +- 0.90.
  EXPECT_NEAR(wide.low, 21, 1.5);
  EXPECT_NEAR(wide.high, 39, 1.5);
  EXPECT_NEAR(narrow.low, 29.1, 0.15);
  EXPECT_NEAR(narrow.high, 30.9, 0.15);
}

TEST(Bootstrap, ResamplesWholeGroups) {
  // Five equal captions a picture carry no more information than one: the interval must not shrink.
  std::vector<double> one, five;
  std::vector<int64_t> group;
  for (int64_t i = 0; i < 100; ++i) {
    one.push_back(i % 2 == 0 ? 100 : 0);
    for (int copy = 0; copy < 5; ++copy) {
      five.push_back(one.back());
      group.push_back(i);
    }
  }
  const Interval single = bootstrap_mean(one, {}, 0, {});
  const Interval grouped = bootstrap_mean(five, group, 100, {});
  EXPECT_NEAR(single.low, grouped.low, 1e-9);
  EXPECT_NEAR(single.high, grouped.high, 1e-9);
  EXPECT_THROW(bootstrap_mean({}, {}, 0, {}), Error);
  EXPECT_THROW(bootstrap_mean(one, {}, 0, {.resamples = 0}), Error);
  EXPECT_THROW(bootstrap_mean(five, group, 99, {}), Error);
}

TEST(Statistics, StudentIntervalIsTheTextbooks) {
  // Three values of mean 2 and deviation 1: 4.303 / sqrt(3) each way.
  const Interval three = student_interval(std::vector<double>{1, 2, 3});
  EXPECT_NEAR(three.low, 2 - 4.303 / std::sqrt(3.0), 1e-9);
  EXPECT_NEAR(three.high, 2 + 4.303 / std::sqrt(3.0), 1e-9);
  EXPECT_THROW(student_interval(std::vector<double>{1}), Error);
}

TEST(Statistics, FirstHitProbabilityMatchesCounting) {
  EXPECT_NEAR(first_hit_probability(1, 9, 1), 0.1, 1e-12);
  EXPECT_NEAR(first_hit_probability(1, 9, 10), 1, 1e-12);
  EXPECT_NEAR(first_hit_probability(2, 4, 2), 0.6, 1e-12);
  EXPECT_EQ(first_hit_probability(2, 1, 2), 1);
  EXPECT_EQ(first_hit_probability(1, 0, 0), 0);
  EXPECT_EQ(first_hit_probability(1, 5, -3), 0);
  EXPECT_EQ(first_hit_probability(0, 5, 5), 0);
  EXPECT_EQ(median({3, 1, 2}), 2);
  EXPECT_EQ(median({4, 1, 2, 3}), 2.5);
  EXPECT_THROW(median({}), Error);
}

}  // namespace

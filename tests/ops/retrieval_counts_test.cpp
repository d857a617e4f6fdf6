#include <numeric>

#include "ops/case.hpp"

namespace {

using namespace t2ue;
using namespace t2ue::testing_ops;

struct Sizes {
  int64_t pictures, captions_each, dim;
};

/// Features of small whole numbers, whose scores are exact in f32 and often equal.
std::vector<float> whole_numbers(int64_t count, uint64_t item) {
  std::vector<float> values = random_values(count, item, -2, 3);
  for (float& value : values) value = std::floor(value);
  return values;
}

std::vector<int32_t> expected(const std::vector<float>& queries, const std::vector<int32_t>& query_owner,
                              const std::vector<float>& gallery, const std::vector<int32_t>& gallery_owner,
                              size_t dim) {
  std::vector<int32_t> counts;
  for (size_t q = 0; q < query_owner.size(); ++q) {
    std::vector<double> partners, others;
    for (size_t g = 0; g < gallery_owner.size(); ++g)
      (gallery_owner[g] == query_owner[q] ? partners : others)
          .push_back(std::inner_product(queries.begin() + static_cast<int64_t>(q * dim),
                                        queries.begin() + static_cast<int64_t>((q + 1) * dim),
                                        gallery.begin() + static_cast<int64_t>(g * dim), 0.0));
    const double best = *std::max_element(partners.begin(), partners.end());
    counts.push_back(static_cast<int32_t>(std::count(partners.begin(), partners.end(), best)));
    counts.push_back(static_cast<int32_t>(
        std::count_if(others.begin(), others.end(), [&](double score) { return score > best; })));
    counts.push_back(static_cast<int32_t>(std::count(others.begin(), others.end(), best)));
  }
  return counts;
}

void check_counts(const std::vector<float>& queries, const std::vector<int32_t>& query_owner,
                  const std::vector<float>& gallery, const std::vector<int32_t>& gallery_owner, int64_t dim) {
  const auto rows = [](const std::vector<int32_t>& owner) { return static_cast<int64_t>(owner.size()); };
  const std::vector<int32_t> right = expected(queries, query_owner, gallery, gallery_owner, at(dim));
  for (const Target& target : fp32_targets()) {
    SCOPED_TRACE(target.name);
    const auto place = [&](const auto& values, const Shape& shape) {
      return Tensor::of(values, shape, target.device);
    };
    const Tensor q = place(queries, {rows(query_owner), dim}), g = place(gallery, {rows(gallery_owner), dim}),
                 of_q = place(query_owner, {rows(query_owner)}),
                 of_g = place(gallery_owner, {rows(gallery_owner)}),
                 counts = place(std::vector<int32_t>(right.size(), -1), {rows(query_owner), 3});
    target.backend->kernels.retrieval_counts({q.view(), g.view(), of_q.view(), of_g.view(), counts.view()},
                                             target.stream());
    EXPECT_EQ(counts.to_vector<int32_t>(), right);
  }
}

TEST(RetrievalCounts, AgreeWithFloat64BothWays) {
  for (const Sizes& s : {Sizes{1, 1, 1}, Sizes{2, 3, 5}, Sizes{33, 1, 40}, Sizes{32, 2, 32}, Sizes{41, 5, 3},
                         Sizes{70, 1, 65}}) {
    SCOPED_TRACE(testing::Message() << s.pictures << " " << s.captions_each << " " << s.dim);
    std::vector<int32_t> pictures(at(s.pictures)), captions;
    std::iota(pictures.begin(), pictures.end(), 0);
    for (int64_t j = 0; j < s.pictures * s.captions_each; ++j)
      captions.push_back(static_cast<int32_t>((j * 7) % s.pictures));
    // Where 7 divides the number of pictures some of them would have no caption.
    if (s.pictures % 7 == 0)
      for (size_t j = 0; j < captions.size(); ++j) captions[j] = static_cast<int32_t>(j % at(s.pictures));
    const std::vector<float> images = whole_numbers(s.pictures * s.dim, 1),
                             texts = whole_numbers(s.pictures * s.captions_each * s.dim, 2);
    check_counts(images, pictures, texts, captions, s.dim);
    check_counts(texts, captions, images, pictures, s.dim);
  }
}

TEST(RetrievalCounts, OfEqualRowsAreTies) {
  const std::vector<float> one = random_values(37, 3);
  std::vector<float> all;
  for (int i = 0; i < 50; ++i) all.insert(all.end(), one.begin(), one.end());
  std::vector<int32_t> owner(50);
  std::iota(owner.begin(), owner.end(), 0);
  for (const Target& target : fp32_targets()) {
    SCOPED_TRACE(target.name);
    const Tensor rows = Tensor::of(all, {50, 37}, target.device), of = Tensor::of(owner, {50}, target.device),
                 counts({50, 3}, DType::i32, target.device);
    target.backend->kernels.retrieval_counts({rows.view(), rows.view(), of.view(), of.view(), counts.view()},
                                             target.stream());
    for (const std::vector<int32_t> values = counts.to_vector<int32_t>(); const int q : {0, 31, 32, 49})
      EXPECT_EQ((std::vector<int32_t>{values.begin() + 3 * q, values.begin() + 3 * q + 3}),
                (std::vector<int32_t>{1, 0, 49}));
  }
}

}  // namespace

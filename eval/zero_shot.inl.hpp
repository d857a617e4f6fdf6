#pragma once

#include <algorithm>
#include <cmath>

#include <t2ue/core/error.hpp>
#include <t2ue/core/unit_rows.hpp>
#include <t2ue/eval/prompt_templates.hpp>
#include <t2ue/eval/zero_shot.hpp>

namespace t2ue {

namespace detail {

/// The unit mean of the unit rows of one class.
inline std::vector<float> class_direction(std::span<const float> rows, size_t width,
                                          const std::string& class_name) {
  std::vector<double> sum(width);
  for (size_t i = 0; i < rows.size(); ++i) sum[i % width] += double{rows[i]};
  double squares = 0;
  for (const double x : sum) squares += x * x;
  check(squares > 0 && std::isfinite(squares), "zero-shot", "the prompts of class '", class_name,
        "' have no direction: the sum of their features has the squared length ", squares,
        "; the model has diverged");
  std::vector<float> direction;
  for (const double x : sum) direction.push_back(static_cast<float>(x / std::sqrt(squares)));
  return direction;
}

}  // namespace detail

T2UE_INLINE std::vector<float> class_embeddings(std::span<const std::string> class_names,
                                                std::span<const std::string> templates, int64_t dim,
                                                const TextEncoding& encode) {
  check(!class_names.empty() && !templates.empty(), "zero-shot", class_names.size(), " classes and ",
        templates.size(), " templates; there must be some of both");
  // Some classes at a time: a thousand classes by eighty templates need not be in memory at once.
  constexpr size_t prompts_at_a_time = 1024;
  const size_t step = std::max<size_t>(1, prompts_at_a_time / templates.size());
  const auto width = static_cast<size_t>(dim);
  std::vector<float> classes;
  for (size_t begin = 0; begin < class_names.size(); begin += step) {
    const auto some = class_names.subspan(begin, std::min(step, class_names.size() - begin));
    std::vector<std::string> prompts;
    for (const std::string& name : some)
      for (const std::string& text : templates) prompts.push_back(fill_template(text, name));
    std::vector<float> features = encode(prompts);
    check(dim >= 1 && features.size() == prompts.size() * width, "zero-shot", features.size(), " values for ",
          prompts.size(), " prompts in ", dim, " dimensions");
    make_unit_rows(features, dim);
    for (size_t c = 0; c < some.size(); ++c) {
      const size_t size = templates.size() * width;
      const auto rows = std::span<const float>(features).subspan(c * size, size);
      const std::vector<float> direction = detail::class_direction(rows, width, some[c]);
      classes.insert(classes.end(), direction.begin(), direction.end());
    }
  }
  return classes;
}

T2UE_INLINE std::vector<float> class_scores(std::span<const float> image_features,
                                            std::span<const float> classes, int64_t dim) {
  const auto width = static_cast<size_t>(dim);
  check(dim >= 1 && image_features.size() % width == 0 && classes.size() % width == 0, "zero-shot",
        image_features.size(), " image values and ", classes.size(), " class values are not rows of ", dim);
  const auto pictures = static_cast<int64_t>(image_features.size() / width);
  const size_t count = classes.size() / width;
  std::vector<float> scores(static_cast<size_t>(pictures) * count);
#pragma omp parallel for schedule(static)
  for (int64_t i = 0; i < pictures; ++i) {
    const float* image = image_features.data() + static_cast<size_t>(i) * width;
    for (size_t c = 0; c < count; ++c) {
      double sum = 0;
      for (size_t d = 0; d < width; ++d) sum += double{image[d]} * double{classes[c * width + d]};
      scores[static_cast<size_t>(i) * count + c] = static_cast<float>(sum);
    }
  }
  return scores;
}

}  // namespace t2ue

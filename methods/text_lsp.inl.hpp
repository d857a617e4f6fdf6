#pragma once

#include <t2ue/methods/text_lsp.hpp>

namespace t2ue {

T2UE_INLINE MethodCard TextLsp::describe(Budget budget, const std::string& features) {
  MethodCard card =
      training_free_card("text_lsp", "a caption's features projected onto coarse blocks", false, budget);
  card.needs_text = true;
  card.surrogate = features == "words" ? "none" : features;
  return card;
}

T2UE_INLINE TextLsp::TextLsp(int height, int width, CaptionFeatures features,
                             std::span<const std::string> captions, const Options& options)
    : card_(describe(options.budget, features.name)),
      height_(height),
      width_(width),
      options_(options),
      features_(std::move(features)) {
  check(!captions.empty(), card_.name, "there are no captions to take the mean of");
  check(options.grid >= 1 && options.grid <= max_grid, card_.name, "a grid of ", options.grid,
        " is outside 1..", max_grid);
  const auto columns = static_cast<size_t>(features_.width);
  const std::vector<double> rows = unit_features(features_, captions);
  mean_.resize(columns);
  for (size_t i = 0; i < rows.size(); ++i) mean_[i % columns] += rows[i];
  for (double& value : mean_) value /= static_cast<double>(captions.size());
  const size_t cells = static_cast<size_t>(options.grid) * static_cast<size_t>(options.grid) * 3;
  for (size_t cell = 0; cell < cells; ++cell) {
    Random random(options.seed, Purpose::projection, cell);
    for (size_t j = 0; j < columns; ++j) projection_.push_back(double{random.normal()});
  }
  (void)block_pattern(std::vector<double>(cells), options.grid, height, width);  // a bad size is an error now
}

T2UE_INLINE std::vector<Noise> TextLsp::make(std::span<const NoiseItem> items) {
  const std::vector<std::string> captions = captions_of_items(card_.name, items);
  const std::vector<double> rows = unit_features(features_, captions);
  const size_t columns = mean_.size(), cells = projection_.size() / columns;
  std::vector<Noise> noises;
  for (size_t i = 0; i < items.size(); ++i) {
    std::vector<double> values(cells);
    for (size_t cell = 0; cell < cells; ++cell)
      for (size_t j = 0; j < columns; ++j)
        values[cell] += projection_[cell * columns + j] * (rows[i * columns + j] - mean_[j]);
    if (options_.budget.norm == Norm::linf)
      for (double& value : values) value = value < 0 ? -1.0 : 1.0;
    noises.push_back(
        quantise_to(options_.budget, block_pattern(values, options_.grid, height_, width_), height_, width_));
  }
  return noises;
}

}  // namespace t2ue

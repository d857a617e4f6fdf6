// LSP, linearly separable perturbations, also "synthetic perturbations" (Yu et al., KDD 2022, arXiv
// 2111.00898): points of Gaussian clusters around vertices of a hypercube, shown as coarse blocks of colour.
#pragma once

#include <cmath>
#include <set>

#include <t2ue/core/rng.hpp>
#include <t2ue/methods/block_pattern.hpp>
#include <t2ue/noise/budget.hpp>
#include <t2ue/noise/noise_source.hpp>

namespace t2ue {

/// One Gaussian cluster a class, in grid*grid*3 dimensions. The centre of class k is a vertex of the
/// hypercube
/// {-separation, separation}^d, no vertex is used twice; a point of the class is centre + A_k g with g
/// standard normal and the entries of A_k uniform in [-1, 1], so that the clusters have shapes of their own.
/// Every item draws its own point, by its key.
class SeparablePatches final : public ItemwiseSource {
 public:
  struct Options {
    int classes = 10;
    int grid = 4;                ///< cells a side; 4 gives the paper's blocks of 8 pixels on 32
    double separation = 10;      ///< half the hypercube's side
    Budget budget{Norm::l2, 0};  ///< eps 0: default_norm(height, width)
    uint64_t seed = 0;
  };

  static MethodCard describe(Budget budget) {
    return training_free_card(
        "lsp", "points of class-wise Gaussian clusters as coarse blocks (Yu et al., 2022)", true, budget);
  }
  /// 6 steps in root mean square, as in the paper: 1.304 for 32 x 32.
  static double default_norm(int height, int width) {
    return 6.0 / 255.0 * std::sqrt(3.0 * static_cast<double>(height) * static_cast<double>(width));
  }

  /// Throws Error for a number out of range, and for more classes than the hypercube has vertices.
  SeparablePatches(int height, int width, const Options& options)
      : ItemwiseSource(describe(budget_of(options, height, width)), height, width), options_(options) {
    check(options.classes >= 1 && options.classes <= 100'000, "lsp", options.classes,
          " classes are outside 1..100000");
    check(options.separation >= 0 && options.separation <= 1e6, "lsp", "a separation of ", options.separation,
          " is outside 0..1000000");
    check(options.grid >= 1 && options.grid <= max_grid, "lsp", "a grid of ", options.grid, " is outside 1..",
          max_grid);
    const size_t dimensions = static_cast<size_t>(options.grid) * static_cast<size_t>(options.grid) * 3;
    check(dimensions >= 20 || options.classes <= 1 << dimensions, "lsp", "a grid of ", options.grid,
          " has vertices for ", 1 << std::min<size_t>(dimensions, 20), " classes, not for ", options.classes);
    Random random(options.seed, Purpose::separable_patches);
    std::set<std::vector<bool>> used;
    while (centres_.size() < static_cast<size_t>(options.classes)) {
      std::vector<bool> vertex(dimensions);
      for (size_t i = 0; i < dimensions; ++i) vertex[i] = (random.bits() & 1u) != 0;
      if (used.insert(vertex).second) centres_.push_back(std::move(vertex));
    }
  }

  /// The item's point before it is scaled: grid*grid*3 values.
  std::vector<double> point_of(const NoiseItem& item) const {
    const int label = class_of(item, card().name, options_.classes);
    const std::vector<bool>& centre = centres_[static_cast<size_t>(label)];
    Random shape(options_.seed, Purpose::separable_patches, static_cast<uint64_t>(label) + 1);
    Random own(options_.seed, Purpose::separable_points, item_number(item.key));
    std::vector<double> normal(centre.size()), point;
    for (double& value : normal) value = double{own.normal()};
    for (const bool high : centre) {
      double sum = high ? options_.separation : -options_.separation;
      for (const double value : normal) sum += double{shape.uniform(-1.0f, 1.0f)} * value;
      point.push_back(sum);
    }
    return point;
  }

 private:
  static Budget budget_of(const Options& options, int height, int width) {
    if (options.budget.norm != Norm::l2 || options.budget.eps != 0) return options.budget;
    return l2_budget("lsp", default_norm(height, width));
  }

  Noise noise_of(const NoiseItem& item) const override {
    return quantise_to({card().norm, card().eps},
                       block_pattern(point_of(item), options_.grid, height(), width()), height(), width());
  }

  Options options_;
  std::vector<std::vector<bool>> centres_;
};

}  // namespace t2ue

// AR, autoregressive perturbations (Sandoval-Segura et al., NeurIPS 2022, arXiv 2206.03693): every class has
// its own autoregressive process for each channel, every item its own start.
#pragma once

#include <cmath>

#include <t2ue/methods/autoregressive_process.hpp>
#include <t2ue/noise/budget.hpp>
#include <t2ue/noise/noise_source.hpp>

namespace t2ue {

/// Class k runs process k of find_autoregressive_processes.
class Autoregressive final : public ItemwiseSource {
 public:
  struct Options {
    int classes = 10;
    Budget budget{Norm::l2, 0};  ///< eps 0: default_norm(height, width)
    uint64_t seed = 0;
  };

  static MethodCard describe(Budget budget) {
    return training_free_card("ar", "one autoregressive process a class (Sandoval-Segura et al., 2022)", true,
                              budget);
  }
  /// The paper's l2 norm of 1 for 32 x 32 (and 3 for 96 x 96): 1/32 a pixel in root mean square.
  static double default_norm(int height, int width) {
    return std::sqrt(static_cast<double>(height) * static_cast<double>(width)) / 32.0;
  }

  /// Searches the processes: seconds for 100 classes. Throws Error for a number out of range.
  Autoregressive(int height, int width, const Options& options)
      : ItemwiseSource(describe(budget_of(options, height, width)), height, width), options_(options) {
    check(options.classes >= 1 && options.classes <= 1000, "ar", options.classes,
          " classes are outside 1..1000");
    processes_ = find_autoregressive_processes(options.classes, height, width, options.seed);
  }

  const std::vector<ArProcess>& processes() const { return processes_; }

  /// The item's noise before it is scaled and rounded: height*width*3 values (HWC).
  std::vector<double> process_of(const NoiseItem& item) const {
    const int label = class_of(item, card().name, options_.classes);
    Random start(options_.seed, Purpose::autoregressive_start, item_number(item.key));
    return autoregressive_noise(processes_[static_cast<size_t>(label)], height(), width(), start);
  }

 private:
  static Budget budget_of(const Options& options, int height, int width) {
    if (options.budget.norm != Norm::l2 || options.budget.eps != 0) return options.budget;
    return l2_budget("ar", default_norm(height, width));
  }

  Noise noise_of(const NoiseItem& item) const override {
    return quantise_to({card().norm, card().eps}, process_of(item), height(), width());
  }

  Options options_;
  std::vector<ArProcess> processes_;
};

}  // namespace t2ue

#pragma once

#include <t2ue/training/noise_table.hpp>

namespace t2ue {

T2UE_INLINE NoiseTable::NoiseTable(int64_t rows, int64_t size, float eps, Device device) : eps_(eps) {
  check(rows >= 1 && size >= 1 && eps > 0.0f && eps <= 1.0f, "noise table",
        "wants rows of pictures and eps in ", "(0,1] pixel units, got ", rows, " rows of ", size,
        " pixels a side and ", eps);
  values_ = Tensor::zeros({rows, size, size, 3}, DType::f32, device);
}

T2UE_INLINE void NoiseTable::start(NoiseStart kind, uint64_t seed, uint64_t restart) {
  const int64_t rows = values_.shape()[0];
  std::vector<float> numbers(static_cast<size_t>(values_.shape().elements()), 0.0f);
  if (kind == NoiseStart::uniform) {
    const size_t width = numbers.size() / static_cast<size_t>(rows);
    for (size_t row = 0; row < static_cast<size_t>(rows); ++row) {
      Random random(seed, Purpose::noise_start, restart << 40 | row);
      for (size_t i = 0; i < width; ++i) numbers[row * width + i] = random.uniform(-eps_, eps_);
    }
  }
  values_.assign(numbers);
}

}  // namespace t2ue

// Loops over threads, and the small helpers that every CPU kernel shares.
#pragma once

#include <cstdint>

#include <t2ue/core/view.hpp>

namespace t2ue::cpu {

/// f(i) for i in [0, count), spread over threads when there is enough work. Each index is handled by one
/// thread, so results do not depend on the number of threads as long as f(i) writes only what belongs to i.
template <class F>
void parallel_for(int64_t count, int64_t work_per_index, F&& f) {
  [[maybe_unused]] const bool worthwhile = count > 1 && count * work_per_index > 16384;
#pragma omp parallel for schedule(static) if (worthwhile)
  for (int64_t i = 0; i < count; ++i) f(i);
}

/// f(begin, end) over [0, count) cut into pieces of at most `piece`: for element-wise loops that should
/// vectorise.
template <class F>
void parallel_ranges(int64_t count, F&& f, int64_t piece = 4096) {
  const int64_t pieces = (count + piece - 1) / piece;
  parallel_for(pieces, piece, [&](int64_t i) {
    const int64_t begin = i * piece;
    f(begin, begin + piece < count ? begin + piece : count);
  });
}

/// f(begin, end) over rows cut into fixed chunks of 64.
template <class F>
void parallel_chunks(int64_t rows, int64_t work_per_row, F&& f) {
  constexpr int64_t chunk = 64;
  parallel_for((rows + chunk - 1) / chunk, chunk * work_per_row, [&](int64_t i) {
    const int64_t begin = i * chunk;
    f(begin, begin + chunk < rows ? begin + chunk : rows);
  });
}

/// Overwrites or accumulates one gradient element.
inline void put(float& to, float value, bool accumulate) {
  to = accumulate ? to + value : value;
}

}  // namespace t2ue::cpu

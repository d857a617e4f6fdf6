#pragma once

#include <fmt/core.h>

#include <algorithm>

#include <t2ue/core/error.hpp>
#include <t2ue/report/progress.hpp>
#include <t2ue/report/text_table.hpp>

namespace t2ue {

T2UE_INLINE ProgressLine::ProgressLine(std::string label, int64_t total, std::string unit, int64_t start)
    : label_(std::move(label)), unit_(std::move(unit)), total_(total), start_(start), done_(start) {
  check(total >= 0 && start >= 0 && (total == 0 || start <= total), "progress", label_, ": cannot start at ",
        start, " of ", total);
}

T2UE_INLINE std::string ProgressLine::update(int64_t done, double elapsed, double waiting) {
  check(done >= done_ && (total_ == 0 || done <= total_), "progress", label_, ": ", done, " ", unit_,
        " after ", done_, " of ", total_);
  check(elapsed >= elapsed_ && waiting >= 0, "progress", label_, ": ", elapsed, " s after ", elapsed_, " s, ",
        waiting, " s waiting");
  const double step = elapsed - elapsed_;
  if (step > 0) {
    // An exponential average over ten seconds; until ten have passed, the plain average since the start.
    const double weight = std::min(1.0, step / std::min(elapsed, 10.0));
    rate_ += weight * (static_cast<double>(done - done_) / step - rate_);
    elapsed_ = elapsed;
    done_ = done;
  }
  std::string line = label_;
  if (total_ > 0) {
    constexpr int64_t width = 20;
    const std::string bar(static_cast<size_t>(done * width / total_), '#');
    line += fmt::format("  [{:-<{}}]  {} %  {}/{} {}", bar, width, done * 100 / total_, done, total_, unit_);
  } else {
    line += fmt::format("  {} {}", done, unit_);
  }
  if (rate_ > 0) line += fmt::format("  {}/s", format_number(rate_, rate_ < 10 ? 2 : rate_ < 1000 ? 1 : 0));
  if (total_ > 0 && done == total_)
    line += fmt::format("  {}", format_duration(elapsed));
  else if (total_ > 0 && rate_ > 0)
    line += fmt::format("  {} left", format_duration(static_cast<double>(total_ - done) / rate_));
  if (elapsed > 0)
    line += fmt::format("  data {} %", format_number(100 * std::min(1.0, waiting / elapsed), 0));
  return line;
}

}  // namespace t2ue

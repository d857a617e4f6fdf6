#pragma once

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
    const auto filled = static_cast<size_t>(done * width / total_);
    line += "  [" + std::string(filled, '#') + std::string(width - filled, '-') + "]  ";
    line +=
        std::to_string(done * 100 / total_) + " %  " + std::to_string(done) + "/" + std::to_string(total_);
  } else {
    line += "  " + std::to_string(done);
  }
  line += " " + unit_;
  if (rate_ > 0) line += "  " + format_number(rate_, rate_ < 10 ? 2 : rate_ < 1000 ? 1 : 0) + "/s";
  if (total_ > 0 && done == total_)
    line += "  " + format_duration(elapsed);
  else if (total_ > 0 && rate_ > 0)
    line += "  " + format_duration(static_cast<double>(total_ - done) / rate_) + " left";
  if (elapsed > 0) line += "  data " + format_number(100 * std::min(1.0, waiting / elapsed), 0) + " %";
  return line;
}

}  // namespace t2ue

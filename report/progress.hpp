// A line of progress as text: how far, how fast, how long still, how much of the time was spent waiting for
// data. The library never prints; apps/progress.hpp does.
#pragma once

#include <cstdint>
#include <string>

#include <t2ue/core/config.hpp>

namespace t2ue {

/// Turns counts and times into lines such as
/// "train clip  [########------------]  41 %  1312/3200 steps  27.3/s  1 min 09 s left  data 4 %".
class ProgressLine {
 public:
  /// `unit` is the plural of what is counted. `total` 0 means unknown: no bar and no time left. `start`
  /// counts what a resumed part had done before. Throws Error for negative numbers and for start > total > 0.
  ProgressLine(std::string label, int64_t total, std::string unit, int64_t start = 0);

  /// The line after `done` items and `elapsed` seconds since the start, of which `waiting` seconds went into
  /// waiting for data. The rate follows the last ten seconds or so: call with elapsed not decreasing. Throws
  /// Error when `done` goes back or past the total, or a time is negative or not a number.
  std::string update(int64_t done, double elapsed, double waiting);

  /// Items a second, smoothed; 0 before there is one.
  double rate() const { return rate_; }

 private:
  std::string label_;
  std::string unit_;
  int64_t total_;
  int64_t start_;
  int64_t done_;
  double elapsed_ = 0;
  double rate_ = 0;
};

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/report/progress.inl.hpp>
#endif

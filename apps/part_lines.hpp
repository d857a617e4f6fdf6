// What a long run is doing, on stderr, whether or not that is a terminal: a line when a part starts, and one
// with its result when it ends.
#pragma once

#include <chrono>
#include <iostream>
#include <string>

#include <t2ue/core/error.hpp>
#include <t2ue/report/text_table.hpp>

namespace t2ue::apps {

/// Numbers the parts of a run: "[3/19] class-wise, clean: train a classifier" when one starts and
/// "[3/19] class-wise, clean: accuracy 35.1 (21.0 s)" when it ends.
class PartLines {
 public:
  explicit PartLines(int total, std::ostream& out = std::cerr) : total_(total), out_(out) {}

  /// The next part, and what happens in it. Throws Error when all have been.
  void start(const std::string& name, const std::string& what) {
    check(number_ < total_, "progress", "the part \"", name, "\" comes after the last of ", total_);
    ++number_;
    name_ = name;
    started_ = std::chrono::steady_clock::now();
    line(what);
  }

  /// The part that was started has ended with this result.
  void end(const std::string& result) {
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - started_;
    line(concat(result, " (", format_duration(elapsed.count()), ")"));
  }

 private:
  void line(const std::string& text) {
    out_ << concat("[", number_, "/", total_, "] ", name_, ": ", text, "\n") << std::flush;
  }

  int total_, number_ = 0;
  std::ostream& out_;
  std::string name_;
  std::chrono::steady_clock::time_point started_;
};

}  // namespace t2ue::apps

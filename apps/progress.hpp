// Prints progress on stderr: a line that redraws itself on a terminal, plain lines now and then when asked
// for elsewhere, nothing otherwise.
#pragma once

#include <unistd.h>

#include <chrono>
#include <iostream>
#include <optional>
#include <string>

#include <t2ue/report/progress.hpp>

namespace t2ue::apps {

enum class ProgressStyle { silent, terminal, lines };

/// How to show progress on stderr: `asked` is the user's --progress.
inline ProgressStyle progress_style(bool asked) {
  if (::isatty(STDERR_FILENO) == 1) return ProgressStyle::terminal;
  return asked ? ProgressStyle::lines : ProgressStyle::silent;
}

/// One long part. The first and the last update are always shown, others at most ten times a second on a
/// terminal and every five seconds as lines.
class ProgressBar {
 public:
  using Clock = std::chrono::steady_clock;

  ProgressBar(ProgressLine line, ProgressStyle style, std::ostream& out = std::cerr,
              Clock::time_point now = Clock::now())
      : line_(std::move(line)), style_(style), out_(out), started_(now) {}
  ~ProgressBar() { finish(); }
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  /// `done` items in all, `waiting` seconds in all spent waiting for data.
  void update(int64_t done, double waiting, Clock::time_point now = Clock::now()) {
    if (style_ == ProgressStyle::silent) return;
    text_ = line_.update(done, seconds(now - started_), waiting) + note_;
    if (shown_ && seconds(now - *shown_) < (style_ == ProgressStyle::terminal ? 0.1 : 5.0)) {
      pending_ = true;
      return;
    }
    shown_ = now;
    show();
  }

  /// What the next updates say behind the line.
  void note(std::string text) { note_ = std::move(text); }

  static double seconds(Clock::duration duration) { return std::chrono::duration<double>(duration).count(); }

  /// Shows the last update and ends the line. Called by the destructor; a second call does nothing.
  void finish() {
    if (pending_) show();
    if (shown_ && style_ == ProgressStyle::terminal) out_ << '\n' << std::flush;
    style_ = ProgressStyle::silent;
    pending_ = false;
  }

 private:
  void show() {
    // "\r" and "erase to the end of the line": what was longer before must not stay.
    if (style_ == ProgressStyle::terminal)
      out_ << '\r' << text_ << "\x1b[K" << std::flush;
    else
      out_ << text_ << '\n' << std::flush;
    pending_ = false;
  }

  ProgressLine line_;
  ProgressStyle style_;
  std::ostream& out_;
  Clock::time_point started_;
  std::optional<Clock::time_point> shown_;
  std::string text_, note_;
  bool pending_ = false;
};

}  // namespace t2ue::apps

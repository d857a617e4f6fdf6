// Emulated launches: run now and checked, or collected while a step is captured.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <emulation/block.hpp>

namespace t2ue::emulation {

struct Settings {
  /// Launches run twice, in opposite orders, and must leave the same bits; where more memory than this is
  /// allocated they run once, in turns in one order and the other.
  size_t race_check_bytes = size_t{4} << 20;
};
Settings& settings();

/// Runs `work` now, or adds it to the step that is being captured.
void enqueue(const std::string& name, std::function<void()> work);
/// One kernel launch: with the checks of memory and of the order of threads.
void run_launch(const Work& work);

/// What was enqueued between begin_capture and end_capture, in order, without having run.
struct Capture {
  struct Call {
    std::string name;
    std::function<void()> work;
  };
  std::vector<Call> calls;
  std::vector<std::shared_ptr<void>> memory;  ///< scratch that the calls point into
};
bool capturing();
void begin_capture();
std::shared_ptr<Capture> end_capture();

}  // namespace t2ue::emulation

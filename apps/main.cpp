// The program t2ue. Exit codes: 0, 1 (failed), 2 (bad usage).
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "program.hpp"

namespace {

/// Starts the program again with waiting threads that sleep instead of spinning, unless the user has said how
/// they wait. Beside other processes spinning threads take the processor from those that have work; on a
/// quiet machine sleeping costs nothing that can be measured. OpenMP reads this while it is loaded, before
/// main, so that only a new start helps. Goes on as it is if that fails.
void let_threads_sleep(char** argv) {
  if (std::getenv("OMP_WAIT_POLICY") || std::getenv("GOMP_SPINCOUNT")) return;
  std::error_code failed;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", failed);
  if (failed || ::setenv("OMP_WAIT_POLICY", "passive", 0) != 0) return;
  ::execv(self.c_str(), argv);
}

}  // namespace

int main(int argc, char** argv) {
  let_threads_sleep(argv);
  return t2ue::apps::run(argc, argv);
}

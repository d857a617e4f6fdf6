// What CUDA this machine has. Needs no CUDA header.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace t2ue::cuda {

/// One GPU as the driver describes it.
struct DeviceFacts {
  int index = 0;
  std::string name;
  size_t memory = 0;  ///< bytes
  int major = 0, minor = 0, multiprocessors = 0;
};
/// The GPUs, or in `problem` the reason why there are none.
struct Discovery {
  std::vector<DeviceFacts> devices;
  std::string problem;
};
/// Asks the driver once.
const Discovery& discover();

/// Versions as text, "none" for what is not there. Loads cuBLASLt and cuDNN.
struct LibraryVersions {
  std::string driver, runtime, cublas_lt, cudnn;
};
LibraryVersions library_versions();

}  // namespace t2ue::cuda

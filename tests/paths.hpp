// Paths of the tests' files.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

namespace t2ue::testing_paths {

/// What a script in tests/reference/ wrote.
inline std::filesystem::path reference_path(const std::string& name) {
  return std::filesystem::path(T2UE_SOURCE_DIR) / "tests/reference" / name;
}

/// A file or folder of the data packs, which may not be there: in $T2UE_DATA, or in shared/data beside the
/// source.
inline std::filesystem::path data_pack(const std::string& name) {
  const char* folder = std::getenv("T2UE_DATA");
  return (folder ? std::filesystem::path(folder)
                 : std::filesystem::path(T2UE_SOURCE_DIR) / "../shared/data") /
         name;
}

}  // namespace t2ue::testing_paths

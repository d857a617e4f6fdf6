#pragma once

#include <t2ue/core/error.hpp>
#include <t2ue/core/folders.hpp>

namespace t2ue {

T2UE_INLINE void make_folder(const std::filesystem::path& folder) {
  std::error_code code;
  std::filesystem::create_directories(folder, code);
  check(!code, "write", "cannot make the folder ", folder, ": ", code.message());
}

T2UE_INLINE void make_empty_folder(const std::filesystem::path& folder) {
  make_folder(folder);
  std::error_code code;
  const bool empty = std::filesystem::is_empty(folder, code);
  check(!code, "write", "cannot read the folder ", folder, ": ", code.message());
  check(empty, "write", "the folder ", folder,
        " is already there and is not empty; remove it or choose another");
}

}  // namespace t2ue

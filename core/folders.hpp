// Making folders to write into.
#pragma once

#include <filesystem>

#include <t2ue/core/config.hpp>

namespace t2ue {

/// Makes a folder and those above it, where they are not there. Error naming it if it cannot be made.
void make_folder(const std::filesystem::path& folder);

/// The same for a folder that nothing may be in yet. Error naming it if there is.
void make_empty_folder(const std::filesystem::path& folder);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/core/folders.inl.hpp>
#endif

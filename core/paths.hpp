// Checks that a relative path stays below the folder in which it is opened.
#pragma once

#include <string_view>

#include <t2ue/core/config.hpp>

namespace t2ue {

/// Throws Error unless `path` is relative, not empty, and stays inside its folder: no "..", no '\', no
/// control character. `what` begins the message.
void check_inside(std::string_view path, std::string_view where, std::string_view what);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/core/paths.inl.hpp>
#endif

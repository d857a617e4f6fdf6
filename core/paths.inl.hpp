#pragma once

#include <algorithm>
#include <cstdint>

#include <t2ue/core/error.hpp>
#include <t2ue/core/paths.hpp>

namespace t2ue {

T2UE_INLINE void check_inside(std::string_view path, std::string_view where, std::string_view what) {
  const bool odd =
      std::any_of(path.begin(), path.end(), [](char c) { return static_cast<uint8_t>(c) < 32 || c == '\\'; });
  check(!path.empty() && !odd && path.size() <= 1024, where, what,
        "is empty, longer than 1024 bytes, or has a '\\' or a control character");
  check(path.front() != '/', where, what, "\"", path, "\" is absolute; it must be relative");
  for (size_t from = 0; from <= path.size();) {
    const size_t to = std::min(path.find('/', from), path.size());
    check(path.substr(from, to - from) != "..", where, what, "\"", path,
          "\" climbs out of its folder with \"..\"");
    from = to + 1;
  }
}

}  // namespace t2ue

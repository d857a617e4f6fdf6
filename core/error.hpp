// The one exception type of the library.
#pragma once

#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>

namespace t2ue {

/// Everything that t2ue throws. `what()` reads "[where] what was wrong, with which value, and what to do".
class Error : public std::runtime_error {
 public:
  explicit Error(const std::string& message) : std::runtime_error(message) {}
};

/// Joins its arguments into one string through operator<<.
template <class... Parts>
std::string concat(const Parts&... parts) {
  std::ostringstream out;
  (out << ... << parts);
  return out.str();
}

/// Throws Error("[where] parts...").
template <class... Parts>
[[noreturn]] void fail(std::string_view where, const Parts&... parts) {
  throw Error(concat("[", where, "] ", parts...));
}

/// Throws Error("[where] parts...") unless `condition` holds; the parts are only joined when it fails.
template <class... Parts>
void check(bool condition, std::string_view where, const Parts&... parts) {
  if (!condition) [[unlikely]]
    fail(where, parts...);
}

}  // namespace t2ue

// The one exception type of the library.
#pragma once

#include <initializer_list>
#include <stdexcept>
#include <string>
#include <string_view>

#include <t2ue/core/message.hpp>

namespace t2ue {

/// Everything that t2ue throws. `what()` reads "[where] what was wrong, with which value, and what to do".
class Error : public std::runtime_error {
 public:
  explicit Error(const std::string& message) : std::runtime_error(message) {}
};

namespace detail {
[[noreturn]] void throw_error(std::string_view where, std::initializer_list<TextPart> parts);
}

/// Throws Error("[where] parts...").
template <class... Parts>
[[noreturn]] void fail(std::string_view where, const Parts&... parts) {
  detail::throw_error(where, {detail::TextPart(parts)...});
}

/// Throws Error("[where] parts...") unless `condition` holds; the parts are only joined when it fails.
template <class... Parts>
void check(bool condition, std::string_view where, const Parts&... parts) {
  if (!condition) [[unlikely]]
    fail(where, parts...);
}

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/core/error.inl.hpp>
#endif

// The named character references of HTML.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <t2ue/core/config.hpp>

namespace t2ue {

/// The characters (one or two) that "&name;" stands for, by the 2,125 names of the HTML standard (section
/// "Named character references"); `name` comes without '&' and ';'. Upper and lower case are different names.
std::optional<std::u32string> html_entity(std::string_view name);
/// The same for the 106 old names that browsers take without the semicolon, such as "amp" and "eacute".
std::optional<std::u32string> html_entity_without_semicolon(std::string_view name);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/data/text/html_entities.inl.hpp>
#endif

// Large JSON files one element at a time: an object whose members are long lists of objects.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <functional>
#include <iosfwd>
#include <set>
#include <string>

#include <t2ue/core/config.hpp>

namespace t2ue {

/// Reads an object {"images": [{...}, ...], ...} and calls `element(list, number, object)` for each object
/// (numbered from 0) of the lists named in `lists`. At no time is more than one element in memory; the other
/// members are read over. Nothing may be so large that memory would grow with it: an element, or one text in
/// what is read over, has at most 8 MiB, and values are nested at most 100 deep. `where` begins messages.
/// Throws Error for text that is not JSON or not UTF-8 (with the byte), for a root that is not an object, for
/// a list of that name that is none, for an element that is no object, and for a name of `lists` that is not
/// there.
void read_json_elements(
    std::istream& text, const std::string& where, const std::set<std::string>& lists,
    const std::function<void(const std::string& list, size_t number, const nlohmann::json& object)>& element);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/data/records/json_elements.inl.hpp>
#endif

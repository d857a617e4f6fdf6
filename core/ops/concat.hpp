// Concatenation of maps along their channels.
#pragma once

#include <algorithm>
#include <vector>

#include <t2ue/core/config.hpp>
#include <t2ue/core/graph.hpp>

namespace t2ue {

namespace detail {
Shape with_channels(const Shape& map, int64_t channels);
}  // namespace detail

/// The channels of one to four maps or matrices behind one another: parts [..,C_i] of one type, alike but for
/// C_i -> [.., sum of C_i].
Var concat_channels(const std::vector<Var>& parts);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/core/ops/concat.inl.hpp>
#endif

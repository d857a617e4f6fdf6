// The registry's entries of methods that nothing is trained for: controls first, then those for classes, then
// those for captions.
#pragma once

#include <vector>

#include <t2ue/core/config.hpp>
#include <t2ue/methods/method_entry.hpp>

namespace t2ue {

std::vector<MethodEntry> training_free_methods();

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/methods/training_free_methods.inl.hpp>
#endif

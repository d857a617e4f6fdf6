// What t2ue::cuda gives the library: its backend.
#pragma once

#include <string>

#include <t2ue/core/backend.hpp>

namespace t2ue::cuda {

/// The backend of one GPU. Error with the reason if there is no such GPU.
const Backend& cuda_backend(int index);

/// Why no GPU can be used, in one line; empty if the first one can.
const std::string& why_unusable();

}  // namespace t2ue::cuda

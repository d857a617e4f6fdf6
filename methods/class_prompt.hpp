// The words for a class.
#pragma once

#include <string>

namespace t2ue {

/// What a class-wise generator is told of a class, in training and afterwards.
inline std::string class_prompt(const std::string& label) {
  return "a photo of a " + label;
}

}  // namespace t2ue

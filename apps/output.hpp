// Where results go: stdout for the result, as text or as one JSON object; stderr for everything else.
#pragma once

#include <iostream>

#include "commands.hpp"

namespace t2ue::apps {

/// Prints a command's result. Error if stdout does not take it (a full disk).
inline void print_result(const Result& result, bool as_json) {
  if (as_json)
    // Paths may hold bytes that are not UTF-8: they are replaced rather than refused.
    std::cout << result.json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
  else
    std::cout << result.text << '\n';
  std::cout.flush();
  check(std::cout.good(), "output", "cannot write the result to stdout");
}

/// A remark on stderr.
inline void remark(const std::string& text) {
  std::cerr << "t2ue: " << text << std::endl;
}

}  // namespace t2ue::apps

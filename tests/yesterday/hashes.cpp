// Prints hashes.txt: built by hand against a version of t2ue, as README.txt says.
#include "hashes.hpp"

#include <cstdio>

int main() {
  for (const auto& [what, hash] : t2ue::testing_yesterday::hashes())
    std::printf("%s\t%s\n", hash.c_str(), what.c_str());
}

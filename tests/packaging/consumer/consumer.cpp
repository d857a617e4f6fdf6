// As little as needs t2ue's headers, its definitions and a library that it links. Prints the version of the headers.
#include <iostream>

#include <t2ue/core/error.hpp>
#include <t2ue/core/sha256.hpp>

int main() try {
  t2ue::check(t2ue::sha256_hex("abc").starts_with("ba7816bf"), "consumer", "a wrong hash");
  const std::string version =
      t2ue::concat(T2UE_VERSION_MAJOR, '.', T2UE_VERSION_MINOR, '.', T2UE_VERSION_PATCH);
#ifdef FOUND_VERSION
  t2ue::check(version == FOUND_VERSION, "consumer", "found ", FOUND_VERSION, ", whose headers are ", version);
#endif
  std::cout << version << '\n';
} catch (const t2ue::Error& error) {
  std::cerr << error.what() << '\n';
  return 1;
}

// What a fuzz target defines. Under clang and -DT2UE_FUZZ=ON libFuzzer drives it; otherwise driver.cpp does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

/// Gives `size` bytes to a parser. Only t2ue::Error may come out of it, and that is caught here.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

/// Inputs that the parser accepts, for the driver to mutate. A target may leave it out.
std::vector<std::string> fuzz_seeds() __attribute__((weak));

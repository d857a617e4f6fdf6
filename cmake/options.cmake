# Every switch of the build. Tests, apps and benchmarks default to ON only where t2ue is the main project.
option(T2UE_BUILD_APPS "Build the program t2ue" ${PROJECT_IS_TOP_LEVEL})
option(T2UE_BUILD_TESTS "Build the tests" ${PROJECT_IS_TOP_LEVEL})
option(T2UE_BUILD_BENCHMARKS "Build the benchmarks" ${PROJECT_IS_TOP_LEVEL})
option(T2UE_FAST_CPU "oneDNN kernels for convolution and matrix product" ON)
option(T2UE_NATIVE "Compile for this machine's instruction set" ${PROJECT_IS_TOP_LEVEL})
set(T2UE_SANITIZE "" CACHE STRING "Sanitizers for everything built here, e.g. address,undefined")
option(T2UE_FUZZ "Build the libFuzzer targets (needs clang)" OFF)

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

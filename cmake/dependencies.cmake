# What the headers need. All of it is in Debian: see the README's install line.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(OpenMP REQUIRED COMPONENTS CXX)
find_package(OpenSSL REQUIRED COMPONENTS Crypto)
find_package(nlohmann_json 3.11 REQUIRED)
pkg_check_modules(T2UE_IMAGE REQUIRED IMPORTED_TARGET spng libturbojpeg libjpeg libwebp libwebpmux libwebpdemux)
pkg_check_modules(T2UE_ARCHIVE REQUIRED IMPORTED_TARGET libarchive)
if(T2UE_FAST_CPU)
  # Debian's dnnl-config.cmake asks for OpenCL, which the CPU engine does not use: find the library ourselves.
  find_library(T2UE_DNNL_LIBRARY dnnl REQUIRED)
  find_path(T2UE_DNNL_INCLUDE dnnl.hpp REQUIRED)
endif()

# t2ue::t2ue      header-only: what a user's plain C++20 file needs
# t2ue::compiled  the same headers compiled once, one translation unit for each *.inl.hpp
# The repository root is seen as <t2ue/...> through links in the build tree.
set(T2UE_FOLDERS core data models report optim training noise methods eval)
set(T2UE_INCLUDE_DIR ${PROJECT_BINARY_DIR}/include)
file(MAKE_DIRECTORY ${T2UE_INCLUDE_DIR}/t2ue)
foreach(folder IN LISTS T2UE_FOLDERS)
  file(CREATE_LINK ${PROJECT_SOURCE_DIR}/${folder} ${T2UE_INCLUDE_DIR}/t2ue/${folder} SYMBOLIC)
endforeach()
file(CREATE_LINK ${PROJECT_SOURCE_DIR}/cuda ${T2UE_INCLUDE_DIR}/t2ue/cuda SYMBOLIC)
file(CREATE_LINK ${PROJECT_SOURCE_DIR}/t2ue.hpp ${T2UE_INCLUDE_DIR}/t2ue/t2ue.hpp SYMBOLIC)

set(T2UE_LINKS Threads::Threads OpenMP::OpenMP_CXX fmt::fmt OpenSSL::Crypto ZLIB::ZLIB
               nlohmann_json::nlohmann_json PkgConfig::T2UE_IMAGE PkgConfig::T2UE_ARCHIVE PkgConfig::T2UE_UNICODE)
if(T2UE_FAST_CPU)
  list(APPEND T2UE_LINKS ${T2UE_DNNL_LIBRARY})
endif()

function(t2ue_common target scope)
  target_compile_features(${target} ${scope} cxx_std_20)
  target_include_directories(${target} ${scope} $<BUILD_INTERFACE:${T2UE_INCLUDE_DIR}>
                             $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_link_libraries(${target} ${scope} ${T2UE_LINKS})
  target_compile_definitions(${target} ${scope} T2UE_FAST_CPU=$<BOOL:${T2UE_FAST_CPU}>)
endfunction()

add_library(t2ue INTERFACE)
add_library(t2ue::t2ue ALIAS t2ue)
t2ue_common(t2ue INTERFACE)

set(units "")
foreach(folder IN LISTS T2UE_FOLDERS)
  file(GLOB_RECURSE definitions CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/${folder}/*.inl.hpp)
  foreach(definition IN LISTS definitions)
    string(REGEX REPLACE "[/.]" "_" name ${definition})
    string(REPLACE ".inl.hpp" ".hpp" header ${definition})
    set(unit ${PROJECT_BINARY_DIR}/units/${name}.cpp)
    file(CONFIGURE OUTPUT ${unit} CONTENT "#include <t2ue/${header}>\n#include <t2ue/${definition}>\n")
    list(APPEND units ${unit})
  endforeach()
endforeach()
add_library(t2ue_compiled STATIC ${units})
add_library(t2ue::compiled ALIAS t2ue_compiled)
set_target_properties(t2ue_compiled PROPERTIES EXPORT_NAME compiled POSITION_INDEPENDENT_CODE ON)
t2ue_common(t2ue_compiled PUBLIC)
target_compile_definitions(t2ue_compiled PUBLIC T2UE_COMPILED=1)
t2ue_own_target(t2ue_compiled)
t2ue_unity(t2ue_compiled 10)

# Both targets for find_package(t2ue), and, for that matter, for add_subdirectory.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

# The two define the same functions: a program that linked both would have each twice. CMake says so instead.
set_target_properties(t2ue PROPERTIES INTERFACE_T2UE_MODE header-only COMPATIBLE_INTERFACE_STRING T2UE_MODE)
set_target_properties(t2ue_compiled PROPERTIES INTERFACE_T2UE_MODE compiled COMPATIBLE_INTERFACE_STRING T2UE_MODE)

# `cmake --install build --component development` takes the library alone.
set(T2UE_CMAKE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/t2ue)
install(FILES ${T2UE_TOP_HEADERS} DESTINATION include/t2ue COMPONENT development)
install(DIRECTORY ${T2UE_FOLDERS} DESTINATION include/t2ue COMPONENT development FILES_MATCHING PATTERN *.hpp)
install(TARGETS t2ue t2ue_compiled EXPORT t2ueTargets ARCHIVE COMPONENT development)
if(T2UE_HAS_CUDA)
  install(FILES cuda/backend.hpp DESTINATION include/t2ue/cuda COMPONENT development)
  install(TARGETS t2ue_cuda EXPORT t2ueTargets ARCHIVE COMPONENT development)
endif()
install(EXPORT t2ueTargets NAMESPACE t2ue:: DESTINATION ${T2UE_CMAKE_DIR} COMPONENT development)

configure_package_config_file(cmake/t2ueConfig.cmake.in ${PROJECT_BINARY_DIR}/t2ueConfig.cmake
                              INSTALL_DESTINATION ${T2UE_CMAKE_DIR})
# Before 1.0 every minor version may change the API.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/t2ueConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/t2ueConfig.cmake ${PROJECT_BINARY_DIR}/t2ueConfigVersion.cmake
        DESTINATION ${T2UE_CMAKE_DIR} COMPONENT development)

if(TARGET t2ue_app)
  install(TARGETS t2ue_app RUNTIME COMPONENT program)
endif()

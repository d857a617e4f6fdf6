# The targets for find_package(t2ue), and, for that matter, for add_subdirectory.
include(CMakePackageConfigHelpers)

set(libraries t2ue_compiled)
if(T2UE_SHARED)
  list(APPEND libraries t2ue_shared)
endif()
# They define the same functions: a program that linked two would have each twice. CMake says so instead.
foreach(library IN LISTS libraries)
  get_target_property(mode ${library} EXPORT_NAME)
  set_target_properties(${library} PROPERTIES INTERFACE_T2UE_MODE ${mode} COMPATIBLE_INTERFACE_STRING T2UE_MODE)
endforeach()
set_target_properties(t2ue PROPERTIES INTERFACE_T2UE_MODE header-only COMPATIBLE_INTERFACE_STRING T2UE_MODE)

# `cmake --install build --component development` takes the library alone.
set(T2UE_CMAKE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/t2ue)
set(headers ${CMAKE_INSTALL_INCLUDEDIR}/t2ue)
install(FILES ${T2UE_TOP_HEADERS} DESTINATION ${headers} COMPONENT development)
install(DIRECTORY ${T2UE_FOLDERS} DESTINATION ${headers} COMPONENT development FILES_MATCHING PATTERN *.hpp)
if(T2UE_HAS_CUDA)
  install(FILES cuda/backend.hpp DESTINATION ${headers}/cuda COMPONENT development)
  list(APPEND libraries t2ue_cuda)
endif()
if(TARGET t2ue_program)
  install(FILES apps/program.hpp DESTINATION ${headers} COMPONENT development)
  list(APPEND libraries t2ue_program)
endif()
install(TARGETS t2ue ${libraries} EXPORT t2ueTargets
        ARCHIVE COMPONENT development
        LIBRARY COMPONENT development)
install(EXPORT t2ueTargets NAMESPACE t2ue:: DESTINATION ${T2UE_CMAKE_DIR} COMPONENT development)

configure_package_config_file(cmake/t2ueConfig.cmake.in ${PROJECT_BINARY_DIR}/t2ueConfig.cmake
                              INSTALL_DESTINATION ${T2UE_CMAKE_DIR})
# Before 1.0 every minor version may change the API.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/t2ueConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/t2ueConfig.cmake ${PROJECT_BINARY_DIR}/t2ueConfigVersion.cmake
        DESTINATION ${T2UE_CMAKE_DIR} COMPONENT development)
include(${CMAKE_CURRENT_LIST_DIR}/pkg_config.cmake)

if(TARGET t2ue_app)
  install(TARGETS t2ue_app RUNTIME COMPONENT program)
endif()

# t2ue::shared  libt2ue_compiled.so: the objects of the static library, linked once more. Nothing is compiled for it.
if(NOT T2UE_SHARED)
  return()
endif()
add_library(t2ue_shared SHARED $<TARGET_OBJECTS:t2ue_compiled>)
add_library(t2ue::shared ALIAS t2ue_shared)
# Before 1.0 every minor version may change the ABI, as it may the API.
set_target_properties(t2ue_shared PROPERTIES OUTPUT_NAME t2ue_compiled EXPORT_NAME shared LINKER_LANGUAGE CXX
                      VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
t2ue_common(t2ue_shared PUBLIC)
target_compile_definitions(t2ue_shared PUBLIC T2UE_COMPILED=1)
if(T2UE_SANITIZE)
  target_link_options(t2ue_shared PRIVATE -fsanitize=${T2UE_SANITIZE})
endif()
if(T2UE_HAS_CUDA)
  # All of it, also what only a program calls.
  target_link_libraries(t2ue_shared PRIVATE $<LINK_LIBRARY:WHOLE_ARCHIVE,t2ue_cuda>)
  target_compile_definitions(t2ue_shared INTERFACE T2UE_HAS_CUDA=1)
endif()

# t2ue_cuda's kernels: registers, stack, spills and shared memory of each, in ${T2UE_CUDA_RESOURCES} whenever the library
# is built. tests/cuda/check_resources.sh reads it.
set(T2UE_CUDA_RESOURCES ${PROJECT_BINARY_DIR}/cuda_resources.csv)
target_compile_options(t2ue_cuda PRIVATE "$<$<COMPILE_LANGUAGE:CUDA>:SHELL:-Xptxas -v>")
get_target_property(launcher t2ue_cuda CUDA_COMPILER_LAUNCHER)  # ccache, perhaps: it repeats what ptxas said
if(NOT launcher)
  set(launcher "")
endif()
list(PREPEND launcher ${PROJECT_SOURCE_DIR}/cmake/nvcc_resources.sh)
set_target_properties(t2ue_cuda PROPERTIES CUDA_COMPILER_LAUNCHER "${launcher}")
add_custom_command(TARGET t2ue_cuda POST_BUILD
  COMMAND ${PROJECT_SOURCE_DIR}/cmake/cuda_resources.sh ${T2UE_CUDA_RESOURCES} $<TARGET_OBJECTS:t2ue_cuda>
  COMMAND_EXPAND_LISTS VERBATIM COMMENT "Writing cuda_resources.csv")

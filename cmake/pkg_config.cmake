# The targets for those without CMake: t2ue.pc is t2ue::compiled, t2ue-shared.pc t2ue::shared, and t2ue-headers.pc the
# headers alone, on the CPU.
set(T2UE_PC_DIR ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

# Folders relative to the .pc file, so that an installation can be moved; those that are given whole stay.
if(IS_ABSOLUTE "${CMAKE_INSTALL_LIBDIR}")
  set(T2UE_PC_PREFIX "${CMAKE_INSTALL_PREFIX}")
else()
  string(REGEX REPLACE "[^/]+" ".." up "${T2UE_PC_DIR}")
  set(T2UE_PC_PREFIX "\${pcfiledir}/${up}")
endif()
foreach(folder INCLUDEDIR LIBDIR)
  cmake_path(ABSOLUTE_PATH CMAKE_INSTALL_${folder} BASE_DIRECTORY "\${prefix}" OUTPUT_VARIABLE T2UE_PC_${folder})
endforeach()

set(T2UE_PC_CFLAGS "-I\${includedir} ${OpenMP_CXX_FLAGS}")
if(T2UE_FAST_CPU)
  string(APPEND T2UE_PC_CFLAGS " -DT2UE_FAST_CPU=1")
else()
  string(APPEND T2UE_PC_CFLAGS " -DT2UE_FAST_CPU=0")
endif()
set(T2UE_PC_COMPILED_CFLAGS "${T2UE_PC_CFLAGS} -DT2UE_COMPILED=1")

set(T2UE_PC_CUDA_LIBS "")
if(T2UE_HAS_CUDA)
  string(APPEND T2UE_PC_COMPILED_CFLAGS " -DT2UE_HAS_CUDA=1")
  # What t2ue_cuda asks of the linker, whoever links it: its registration is called by nobody.
  get_target_property(options t2ue_cuda INTERFACE_LINK_OPTIONS)
  if(options)
    list(JOIN options " " options)
    string(REPLACE "LINKER:" "-Wl," T2UE_PC_CUDA_LIBS "${options} ")
  endif()
  string(APPEND T2UE_PC_CUDA_LIBS "-lt2ue_cuda -L${CUDAToolkit_LIBRARY_DIR} -lcudart_static -lrt -l${CMAKE_DL_LIBS} ")
endif()

set(names t2ue t2ue-headers)
if(T2UE_SHARED)
  list(APPEND names t2ue-shared)
endif()
foreach(name IN LISTS names)
  configure_file(cmake/${name}.pc.in ${PROJECT_BINARY_DIR}/${name}.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/${name}.pc DESTINATION ${T2UE_PC_DIR} COMPONENT development)
endforeach()

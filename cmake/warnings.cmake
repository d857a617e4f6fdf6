# Warnings are errors in our own build, and never reach a user's: these flags are PRIVATE to our targets. They are the
# C++ compiler's; nvcc takes its own.
function(t2ue_flags target)
  target_compile_options(${target} PRIVATE "$<$<COMPILE_LANGUAGE:CXX>:${ARGN}>")
endfunction()

function(t2ue_own_target target)
  t2ue_flags(${target} -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    # gcc bug 105651: std::string + reports an overlap that cannot be.
    t2ue_flags(${target} -Wno-restrict)
  endif()
  if(PROJECT_IS_TOP_LEVEL)
    t2ue_flags(${target} -Werror)
  endif()
  if(T2UE_NATIVE)
    t2ue_flags(${target} -march=native)
  endif()
  if(T2UE_SANITIZE)
    t2ue_sanitize(${target} ${T2UE_SANITIZE})
    # What sanitizers add keeps gcc 12 from following std::regex and std::function.
    target_compile_options(${target} PRIVATE $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-maybe-uninitialized>)
    target_link_options(${target} PRIVATE -fsanitize=${T2UE_SANITIZE})
  endif()
endfunction()

# Headers are most of what each file costs: reading them once for `batch` files is what makes a fresh build short.
function(t2ue_unity target batch)
  set_target_properties(${target} PROPERTIES UNITY_BUILD ${T2UE_UNITY} UNITY_BUILD_BATCH_SIZE ${batch})
endfunction()

# Of tests: they are compiled more often than they run long.
function(t2ue_test_target target)
  t2ue_own_target(${target})
  t2ue_flags(${target} -O1)
endfunction()

function(t2ue_sanitize target sanitizers)
  t2ue_flags(${target} -fsanitize=${sanitizers} -fno-sanitize-recover=all -fno-omit-frame-pointer -g1 -O1)
endfunction()

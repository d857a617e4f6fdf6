# Builds an example from nothing in BUILD and runs PROGRAM there: once for each list of ARGUMENTS between "--".
file(REMOVE_RECURSE ${BUILD})
execute_process(COMMAND ${CMAKE_COMMAND} -S ${PROJECT} -B ${BUILD} -G ${GENERATOR} -DCMAKE_CXX_COMPILER=${CXX}
                        -DCMAKE_PREFIX_PATH=${PREFIX} -DCMAKE_BUILD_TYPE=Debug
                COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${CMAKE_COMMAND} --build ${BUILD} COMMAND_ERROR_IS_FATAL ANY)
set(run "")
foreach(argument IN LISTS ARGUMENTS ITEMS --)
  if(NOT argument STREQUAL "--")
    list(APPEND run ${argument})
    continue()
  endif()
  execute_process(COMMAND ${PROGRAM} ${run} WORKING_DIRECTORY ${BUILD} COMMAND_ERROR_IS_FATAL ANY)
  set(run "")
endforeach()

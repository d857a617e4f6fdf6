# A project as its user builds it: configure from nothing, build, run.
set(build ${WORK}/${NAME})
file(REMOVE_RECURSE ${build})
execute_process(COMMAND ${CMAKE_COMMAND} -S ${PROJECT} -B ${build} -G ${GENERATOR} -DCMAKE_CXX_COMPILER=${CXX} ${OPTIONS}
                COMMAND_ERROR_IS_FATAL ANY)
set(only "")
if(ONLY)
  set(only --target ${ONLY})  # what was fetched is part of everything: the library would be compiled once more
endif()
execute_process(COMMAND ${CMAKE_COMMAND} --build ${build} ${only} COMMAND_ERROR_IS_FATAL ANY)
if(COMMAND)
  execute_process(COMMAND ${COMMAND} WORKING_DIRECTORY ${build} COMMAND_ERROR_IS_FATAL ANY)
endif()

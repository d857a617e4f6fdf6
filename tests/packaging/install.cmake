# Installs the library into an empty prefix, so that nothing left of an earlier version helps.
file(REMOVE_RECURSE ${PREFIX})
execute_process(COMMAND ${CMAKE_COMMAND} --install ${BUILD} --prefix ${PREFIX} --component development
                OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)

# Installs the library into an empty prefix, so that nothing left of an earlier version helps, and moves it: no file may
# know where it was. Packs the sources for FetchContent.
file(REMOVE_RECURSE ${PREFIX} ${PREFIX}-first)
execute_process(COMMAND ${CMAKE_COMMAND} --install ${BUILD} --prefix ${PREFIX}-first --component development
                OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
file(RENAME ${PREFIX}-first ${PREFIX})
execute_process(COMMAND ${CMAKE_COMMAND} -E tar cf ${ARCHIVE} CMakeLists.txt cmake t2ue.hpp cuda ${FOLDERS}
                WORKING_DIRECTORY ${SOURCE} COMMAND_ERROR_IS_FATAL ANY)

# commit: writes the commit that is built into a source, when it is another one than there: by cmake -P, with SOURCE and OUT.

find_program(git_command git)
set(commit unknown)
if(git_command AND EXISTS ${SOURCE}/.git)
    execute_process(COMMAND ${git_command} describe --always --dirty --abbrev=12 --exclude=*
        WORKING_DIRECTORY ${SOURCE} OUTPUT_VARIABLE said RESULT_VARIABLE result ERROR_QUIET
        OUTPUT_STRIP_TRAILING_WHITESPACE)
    if(result EQUAL 0)
        set(commit ${said})
    endif()
endif()
set(text "// commit: the revision that was built.\n#include \"cli/run/origin.h\"\n\nconst char origin_commit[] = \"${commit}\";\n")
set(before "")
if(EXISTS ${OUT})
    file(READ ${OUT} before)
endif()
if(NOT before STREQUAL text)
    file(WRITE ${OUT} "${text}")
endif()

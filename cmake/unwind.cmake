# unwind: unwind/ with libgcc's unwinder in it, as one object whose own functions are all that it shows.
#
# A library that is loaded before a program's own must neither give it an unwinder nor take part in its exceptions: those stay
# with libgcc_s. So the archive is linked here, and its names are made local. Where the C library cannot find a module without
# a lock (_dl_find_object: glibc 2.35), or the compiler has no such archive, unwind/none.c stands there, and says so.
option(COUNTERCHECK_STACKS "Call stacks in traces and in malloc's profile, where the C library lets them be followed" ON)

include(CheckCSourceCompiles)
check_c_source_compiles("#define _GNU_SOURCE
    #include <dlfcn.h>
    int main(void) { struct dl_find_object found; return _dl_find_object((void *)main, &found); }" COUNTERCHECK_FINDS_OBJECTS)
find_program(COUNTERCHECK_LD ld)
mark_as_advanced(COUNTERCHECK_LD)
execute_process(COMMAND ${CMAKE_C_COMPILER} -print-file-name=libgcc_eh.a
    OUTPUT_VARIABLE unwind_archive OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
set(COUNTERCHECK_HAS_STACKS 0)
set(unwind_sources unwind/none.c)
if(COUNTERCHECK_STACKS AND COUNTERCHECK_FINDS_OBJECTS AND COUNTERCHECK_LD AND CMAKE_OBJCOPY AND EXISTS "${unwind_archive}")
    set(COUNTERCHECK_HAS_STACKS 1)
    set(unwind_sources unwind/unwind.c unwind/loaded.c)
endif()

add_library(countercheck_unwind_parts OBJECT ${unwind_sources})
target_link_libraries(countercheck_unwind_parts PRIVATE countercheck_language)
target_compile_options(countercheck_unwind_parts PRIVATE -fno-sanitize=all -fvisibility=hidden -O2 -fPIC -fno-lto
    -ftls-model=initial-exec)
if(COUNTERCHECK_HAS_STACKS)
    set(COUNTERCHECK_UNWIND ${PROJECT_BINARY_DIR}/unwind.o)
    set(unwind_shown unwind_begin unwind_take loaded_find loaded_build_id loaded_name)
    list(TRANSFORM unwind_shown PREPEND --keep-global-symbol=)
    add_custom_command(OUTPUT ${COUNTERCHECK_UNWIND} VERBATIM COMMAND_EXPAND_LISTS
        COMMAND ${COUNTERCHECK_LD} -r -o ${COUNTERCHECK_UNWIND}.all $<TARGET_OBJECTS:countercheck_unwind_parts> ${unwind_archive}
        COMMAND ${CMAKE_OBJCOPY} ${unwind_shown} ${COUNTERCHECK_UNWIND}.all ${COUNTERCHECK_UNWIND}
        DEPENDS countercheck_unwind_parts $<TARGET_OBJECTS:countercheck_unwind_parts>)
    set_source_files_properties(${COUNTERCHECK_UNWIND} PROPERTIES EXTERNAL_OBJECT ON GENERATED ON)
    add_custom_target(countercheck_unwind DEPENDS ${COUNTERCHECK_UNWIND})
else()
    set(COUNTERCHECK_UNWIND $<TARGET_OBJECTS:countercheck_unwind_parts>)
    add_custom_target(countercheck_unwind DEPENDS countercheck_unwind_parts)
    message(STATUS "No call stacks: they need glibc 2.35 or later, libgcc_eh.a, ld and objcopy")
endif()
target_compile_definitions(countercheck_cli PRIVATE COUNTERCHECK_HAS_STACKS=${COUNTERCHECK_HAS_STACKS})

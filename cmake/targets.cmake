# targets: one executable for each fuzz/targets/target_*.c, driven by the engine that the preset chose.
#
# fuzz/targets/target_NAME.c becomes fuzz_NAME. What several targets share stands in fuzz/targets/target_stats.c and,
# for those of operations, target_hooks.c. The engines: libFuzzer (clang), AFL++'s driver (afl-clang-fast),
# none (fuzz/targets/engine_none.c, which runs files), or what the environment's LIB_FUZZING_ENGINE says, linked as C++
# (OSS-Fuzz).
if(COUNTERCHECK_ENGINE STREQUAL "environment")
    enable_language(CXX)
endif()

file(GLOB target_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/fuzz/targets/target_*.c)
list(FILTER target_sources EXCLUDE REGEX "/target_(stats|hooks)\\.c$")
if(NOT COUNTERCHECK_HAS_GO)
    list(FILTER target_sources INCLUDE REGEX "/target_(decode|ops|relations|subject)\\.c$")
endif()
if(COUNTERCHECK_ENGINE STREQUAL "environment") # nobody there names an allocator
    list(FILTER target_sources EXCLUDE REGEX "/target_subject\\.c$")
endif()
file(GLOB target_shared CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/fuzz/targets/target_stats.c)
file(GLOB target_engine CONFIGURE_DEPENDS
    ${PROJECT_SOURCE_DIR}/fuzz/targets/engine_${COUNTERCHECK_ENGINE}.c)

# The dump's reader once more, with comparisons traced: they help where bytes are parsed, and cost a
# fifth of the speed of a target whose dumps are its own.
if(COUNTERCHECK_ENGINE STREQUAL "libfuzzer")
    file(GLOB reader_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/dump/read/*.c)
    list(FILTER reader_sources EXCLUDE REGEX "/recode\\.c$")
    add_library(countercheck_reader_traced OBJECT ${reader_sources})
    target_link_libraries(countercheck_reader_traced PUBLIC countercheck_flags)
    target_compile_options(countercheck_reader_traced PRIVATE -fsanitize=fuzzer-no-link)
endif()

# libFuzzer's process is not forked: its statistics and its map of edges would be the child's as well. AFL++'s is; what a
# child reaches is not told (fuzz/targets/run_operations.c).
set(is_never_forked 0)
if(COUNTERCHECK_ENGINE MATCHES "^(libfuzzer|environment)$")
    set(is_never_forked 1)
elseif(COUNTERCHECK_ENGINE STREQUAL "afl")
    set_property(SOURCE ${PROJECT_SOURCE_DIR}/fuzz/targets/run_operations.c APPEND PROPERTY COMPILE_DEFINITIONS TARGET_HAS_AFL)
endif()

set(COUNTERCHECK_FUZZ_TARGETS "")
if(NOT COUNTERCHECK_ENGINE STREQUAL "none" OR target_engine)
    foreach(source IN LISTS target_sources)
        get_filename_component(name ${source} NAME_WE)
        string(REPLACE "target_" "fuzz_" name ${name})
        add_executable(${name} ${source} ${target_shared} ${target_engine})
        target_link_libraries(${name} PRIVATE countercheck_fuzz_inputs)
        if(name MATCHES "^fuzz_(heap|dump|subject)$")
            target_sources(${name} PRIVATE ${PROJECT_SOURCE_DIR}/fuzz/targets/target_hooks.c)
        endif()
        if(name MATCHES "^fuzz_(heap|dump)$")
            target_compile_definitions(${name} PRIVATE TARGET_IS_NEVER_FORKED=${is_never_forked})
        endif()
        if(name STREQUAL "fuzz_subject" AND COUNTERCHECK_HAS_GO)
            target_compile_definitions(${name} PRIVATE TARGET_HAS_GO_HEAP)
        endif()
        if(COUNTERCHECK_ENGINE STREQUAL "environment")
            set_target_properties(${name} PROPERTIES LINKER_LANGUAGE CXX)
            target_link_libraries(${name} PRIVATE $ENV{LIB_FUZZING_ENGINE})
        elseif(NOT COUNTERCHECK_ENGINE STREQUAL "none")
            target_link_options(${name} PRIVATE -fsanitize=fuzzer)
        endif()
        if(name STREQUAL "fuzz_decode" AND COUNTERCHECK_ENGINE STREQUAL "libfuzzer")
            target_link_libraries(${name} PRIVATE countercheck_reader_traced) # found before the archive's
        endif()
        if(name STREQUAL "fuzz_decode" AND TARGET countercheck AND COUNTERCHECK_HAS_GO)
            target_sources(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tools/targets/begin_decode.c)
            target_link_libraries(${name} PRIVATE countercheck_cli)
        endif()
        list(APPEND COUNTERCHECK_FUZZ_TARGETS ${name})
    endforeach()
endif()

# The same without the mutator: ci/faults/times asks what it is worth.
set(bytes_names bytes_heap bytes_dump)
set(bytes_shares 8 1)
if(COUNTERCHECK_ENGINE STREQUAL "libfuzzer")
    foreach(name share IN ZIP_LISTS bytes_names bytes_shares)
        add_executable(${name} EXCLUDE_FROM_ALL ${PROJECT_SOURCE_DIR}/bench/bytes.c ${target_shared})
        target_compile_definitions(${name} PRIVATE FINAL_DUMP_SHARE=${share})
        target_link_libraries(${name} PRIVATE countercheck_fuzz_inputs)
        target_link_options(${name} PRIVATE -fsanitize=fuzzer)
    endforeach()
endif()
add_custom_target(fuzz_targets DEPENDS ${COUNTERCHECK_FUZZ_TARGETS})

# The mutator as a library that AFL++ loads. afl-fuzz itself is not instrumented, so that it is made
# by a preset with a plain compiler, of sources compiled once more as position-independent code.
file(GLOB afl_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/fuzz/targets/afl_*.c)
if(afl_sources)
    file(GLOB mutator_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/fuzz/program/*.c
        ${PROJECT_SOURCE_DIR}/fuzz/generate/*.c ${PROJECT_SOURCE_DIR}/oracle/core/nearest.c
        ${PROJECT_SOURCE_DIR}/oracle/core/harness_memory.c
        ${PROJECT_SOURCE_DIR}/oracle/core/check.c)
    # an archive, so that the module takes what the mutator calls and leaves the executor and the heap
    add_library(countercheck_mutator STATIC EXCLUDE_FROM_ALL ${mutator_sources})
    target_link_libraries(countercheck_mutator PUBLIC countercheck_flags)
    set_target_properties(countercheck_mutator PROPERTIES POSITION_INDEPENDENT_CODE ON)
    add_library(afl_mutator MODULE ${afl_sources})
    target_link_libraries(afl_mutator PRIVATE countercheck_mutator)
    set_target_properties(afl_mutator PROPERTIES PREFIX "")
    if(COUNTERCHECK_SANITIZE)
        set_target_properties(afl_mutator PROPERTIES EXCLUDE_FROM_ALL ON)
    else()
        # what it lacks is an error now and not when afl-fuzz loads it
        target_link_options(afl_mutator PRIVATE -Wl,--no-undefined)
    endif()
endif()

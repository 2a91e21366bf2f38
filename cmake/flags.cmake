# flags: how every translation unit is compiled: the language, the warnings, the sanitizers.

option(COUNTERCHECK_WERROR "Warnings are errors" OFF)
option(COUNTERCHECK_COVERAGE "Instrument for llvm-cov (clang) or gcov (gcc)" OFF)
set(COUNTERCHECK_SANITIZE "" CACHE STRING "Sanitizers, as for -fsanitize=: address,undefined or thread")
set(COUNTERCHECK_ENGINE "none" CACHE STRING
    "Fuzzing engine of the targets: libfuzzer, afl, none (they run files), or environment: what LIB_FUZZING_ENGINE says")
set_property(CACHE COUNTERCHECK_ENGINE PROPERTY STRINGS libfuzzer afl none environment)
set(COUNTERCHECK_CHECK_LEVEL "" CACHE STRING "0 CHECK, 1 also ASSERT, 2 also ASSERT_SLOW; empty: 1")

# No type was chosen: the optimised one, as nobody wants the other by accident.
get_property(is_multi_config GLOBAL PROPERTY GENERATOR_IS_MULTI_CONFIG)
if(PROJECT_IS_TOP_LEVEL AND NOT is_multi_config AND NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE Release CACHE STRING "None, Debug, Release, RelWithDebInfo or MinSizeRel" FORCE)
endif()

set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

# What every target of ours links: an interface of options, no code. What runs inside of programs that are
# not ours, or is to be one, links the first part alone: no sanitizer, no engine, no coverage.
add_library(countercheck_language INTERFACE)
add_library(countercheck_flags INTERFACE)
target_link_libraries(countercheck_flags INTERFACE countercheck_language)
target_include_directories(countercheck_language INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_options(countercheck_language INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wcast-qual
    -Wmissing-prototypes -Wundef -Wswitch-enum)
if(COUNTERCHECK_WERROR)
    target_compile_options(countercheck_language INTERFACE -Werror)
endif()
if(NOT COUNTERCHECK_CHECK_LEVEL STREQUAL "")
    target_compile_definitions(countercheck_flags INTERFACE CHECK_LEVEL=${COUNTERCHECK_CHECK_LEVEL})
endif()

if(COUNTERCHECK_SANITIZE)
    set(sanitize_flags -fsanitize=${COUNTERCHECK_SANITIZE} -fno-sanitize-recover=all
        -fno-omit-frame-pointer)
    target_compile_options(countercheck_flags INTERFACE ${sanitize_flags})
    target_link_options(countercheck_flags INTERFACE ${sanitize_flags})
    if(COUNTERCHECK_ENGINE STREQUAL "none")
        # what the sanitizers keep of each global is 70 thousand addresses: known now, and not relocated in each process
        target_link_options(countercheck_flags INTERFACE $<$<STREQUAL:$<TARGET_PROPERTY:TYPE>,EXECUTABLE>:-no-pie>)
    endif()
endif()
if(COUNTERCHECK_ENGINE STREQUAL "libfuzzer")
    # what is instrumented is a layer's own affair (cmake/layers.cmake); the engine is linked into the
    # targets alone
    target_link_options(countercheck_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(COUNTERCHECK_ENGINE STREQUAL "afl")
    # compiled by clang, which instruments what it is told to; afl-clang-fast, which would instrument
    # all, only links its runtime
    find_program(COUNTERCHECK_AFL_LINKER afl-clang-fast REQUIRED)
    set(CMAKE_C_LINK_EXECUTABLE "${COUNTERCHECK_AFL_LINKER} <FLAGS> <CMAKE_C_LINK_FLAGS> <LINK_FLAGS> <OBJECTS> -o <TARGET> <LINK_LIBRARIES>")
endif()
if(COUNTERCHECK_COVERAGE)
    if(CMAKE_C_COMPILER_ID MATCHES "Clang")
        set(coverage_flags -fprofile-instr-generate -fcoverage-mapping)
    else()
        set(coverage_flags --coverage)
    endif()
    target_compile_options(countercheck_flags INTERFACE ${coverage_flags})
    target_link_options(countercheck_flags INTERFACE ${coverage_flags})
endif()

# Nothing watches and nothing guides: what users and packagers build.
set(COUNTERCHECK_IS_PLAIN OFF)
if(NOT COUNTERCHECK_SANITIZE AND NOT COUNTERCHECK_COVERAGE AND COUNTERCHECK_ENGINE STREQUAL "none")
    set(COUNTERCHECK_IS_PLAIN ON)
endif()

# For what reads input. The C library's checks need an optimised build, and whoever chose a level of
# them by CFLAGS keeps it.
add_library(countercheck_hardened INTERFACE)
target_compile_options(countercheck_hardened INTERFACE -fstack-protector-strong)
string(TOUPPER "${CMAKE_BUILD_TYPE}" build_type)
set(c_flags "${CMAKE_C_FLAGS} ${CMAKE_C_FLAGS_${build_type}}")
if(c_flags MATCHES "-O[123sz]" AND NOT c_flags MATCHES "-O0" AND NOT c_flags MATCHES "_FORTIFY_SOURCE")
    target_compile_options(countercheck_hardened INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
endif()

find_package(Threads REQUIRED)
target_link_libraries(countercheck_language INTERFACE Threads::Threads)

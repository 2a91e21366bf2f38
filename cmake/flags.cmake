# flags: how every translation unit is compiled: the language, the warnings, the sanitizers.

option(COUNTERCHECK_WERROR "Warnings are errors" OFF)
option(COUNTERCHECK_COVERAGE "Instrument for llvm-cov (clang) or gcov (gcc)" OFF)
set(COUNTERCHECK_SANITIZE "" CACHE STRING "Sanitizers, as for -fsanitize=: address,undefined or thread")
set(COUNTERCHECK_ENGINE "builtin" CACHE STRING "Fuzzing engine of the targets: libfuzzer, afl or builtin")
set_property(CACHE COUNTERCHECK_ENGINE PROPERTY STRINGS libfuzzer afl builtin)
set(COUNTERCHECK_CHECK_LEVEL "" CACHE STRING "0 CHECK, 1 also ASSERT, 2 also ASSERT_SLOW; empty: 1")

set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

# What every target of ours links: an interface of options, no code.
add_library(countercheck_flags INTERFACE)
target_include_directories(countercheck_flags INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_options(countercheck_flags INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wcast-qual
    -Wmissing-prototypes -Wundef -Wswitch-enum)
if(COUNTERCHECK_WERROR)
    target_compile_options(countercheck_flags INTERFACE -Werror)
endif()
if(NOT COUNTERCHECK_CHECK_LEVEL STREQUAL "")
    target_compile_definitions(countercheck_flags INTERFACE CHECK_LEVEL=${COUNTERCHECK_CHECK_LEVEL})
endif()

if(COUNTERCHECK_SANITIZE)
    set(sanitize_flags -fsanitize=${COUNTERCHECK_SANITIZE} -fno-sanitize-recover=all
        -fno-omit-frame-pointer)
    target_compile_options(countercheck_flags INTERFACE ${sanitize_flags})
    target_link_options(countercheck_flags INTERFACE ${sanitize_flags})
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

find_package(Threads REQUIRED)
target_link_libraries(countercheck_flags INTERFACE Threads::Threads)

# layers: each layer is a static library that links the layer above it and nothing below.
#
# The order of the calls is the order of the layers: an upward call does not link, because no archive
# stands behind the one that would need it.

# What guides libFuzzer: the edges of the subject and of the codecs; the oracle's would cost half of the
# speed and tell nothing. Comparisons are traced where bytes are parsed, in the dump's reader: the
# mutator of operations has no use for them.
function(countercheck_instrument name)
    if(NOT COUNTERCHECK_ENGINE STREQUAL "libfuzzer")
        return()
    endif()
    if(name MATCHES "^(allocator|runtime|dump|fuzz)$")
        target_compile_options(${name} PRIVATE -fsanitize-coverage=inline-8bit-counters,pc-table)
    endif()
    if(name STREQUAL "dump")
        file(GLOB readers CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/dump/reader*.c)
        set_source_files_properties(${readers} PROPERTIES COMPILE_OPTIONS -fsanitize=fuzzer-no-link)
    endif()
endfunction()

# countercheck_layer(NAME [ABOVE]) makes the library NAME of NAME/*.c. A layer without sources is
# an interface that passes on what stands above it.
function(countercheck_layer name)
    file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${name}/*.c)
    list(FILTER sources EXCLUDE REGEX "/fuzz/(target|afl|engine)_[^/]*\\.c$")
    list(FILTER sources EXCLUDE REGEX "/cli/main\\.c$")
    if(sources)
        add_library(${name} STATIC ${sources})
        target_link_libraries(${name} PUBLIC countercheck_flags ${ARGN})
        countercheck_instrument(${name})
    else()
        add_library(${name} INTERFACE)
        target_link_libraries(${name} INTERFACE countercheck_flags ${ARGN})
    endif()
endfunction()

# layers: each layer is a static library that links the layer above it and nothing below.
#
# The order of the calls is the order of the layers: an upward call does not link, because no archive
# stands behind the one that would need it.

# countercheck_layer(NAME [ABOVE]) makes the library NAME of NAME/*.c. A layer without sources is
# an interface that passes on what stands above it.
function(countercheck_layer name)
    file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${name}/*.c)
    list(FILTER sources EXCLUDE REGEX "/fuzz/(target|afl|engine)_[^/]*\\.c$")
    list(FILTER sources EXCLUDE REGEX "/cli/main\\.c$")
    if(sources)
        add_library(${name} STATIC ${sources})
        target_link_libraries(${name} PUBLIC countercheck_flags ${ARGN})
    else()
        add_library(${name} INTERFACE)
        target_link_libraries(${name} INTERFACE countercheck_flags ${ARGN})
    endif()
endfunction()

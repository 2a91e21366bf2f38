# tools: each tools/*.c and bench/*.c is a small program of the build, linked with every layer.

if(NOT COUNTERCHECK_HAS_GO)
    return()
endif()
file(GLOB tool_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tools/*.c
    ${PROJECT_SOURCE_DIR}/bench/*.c)
list(FILTER tool_sources EXCLUDE REGEX "/bench/bytes\\.c$") # an engine's, see targets.cmake
foreach(source IN LISTS tool_sources)
    get_filename_component(name ${source} NAME_WE)
    add_executable(${name} ${source})
    target_link_libraries(${name} PRIVATE countercheck_fuzz_inputs)
endforeach()
# the target itself, without its engine
target_sources(bench_fuzz PRIVATE ${PROJECT_SOURCE_DIR}/fuzz/targets/target_heap.c
    ${PROJECT_SOURCE_DIR}/fuzz/targets/target_stats.c)
target_compile_definitions(bench_fuzz PRIVATE TARGET_IS_NEVER_FORKED=1) # a child's time is nobody's
# on whatever malloc they are started with: each call is made
foreach(name bench_malloc bench_held)
    target_compile_options(${name} PRIVATE -fno-builtin-malloc -fno-builtin-free -fno-builtin-realloc)
endforeach()

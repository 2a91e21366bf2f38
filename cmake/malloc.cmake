# malloc: libcountercheck-malloc.so, a replacement of malloc for LD_PRELOAD, of the allocator's own
# sources compiled once more as position-independent code.
#
# Not under a sanitizer, which replaces malloc itself, nor for coverage, which reads the corpus. The
# thread's cache is in the static block of thread-local storage, so that reading it calls nobody.

if(COUNTERCHECK_HAS_GO AND NOT COUNTERCHECK_SANITIZE AND NOT COUNTERCHECK_COVERAGE)
    file(GLOB_RECURSE heap_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/allocator/*.c
        ${PROJECT_SOURCE_DIR}/runtime/*.c)
    file(GLOB malloc_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/dump/write/*.c
        ${PROJECT_SOURCE_DIR}/malloc/*.c)
    set(malloc_options -fvisibility=hidden -ftls-model=initial-exec -fno-plt
        -fno-builtin-malloc -fno-builtin-calloc -fno-builtin-realloc -fno-builtin-free)
    add_library(countercheck_malloc_parts OBJECT ${heap_sources} ${malloc_sources})
    target_link_libraries(countercheck_malloc_parts PUBLIC countercheck_flags)
    target_compile_options(countercheck_malloc_parts PRIVATE ${malloc_options})
    set_target_properties(countercheck_malloc_parts PROPERTIES POSITION_INDEPENDENT_CODE ON)

    add_library(countercheck-malloc SHARED $<TARGET_OBJECTS:countercheck_malloc_parts>)
    add_library(countercheck::malloc ALIAS countercheck-malloc)
    set_target_properties(countercheck-malloc PROPERTIES EXPORT_NAME malloc
        VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR})
    target_include_directories(countercheck-malloc INTERFACE $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>
        $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}/countercheck>)
    install(TARGETS countercheck-malloc EXPORT countercheck LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
    install(FILES ${PROJECT_SOURCE_DIR}/malloc/countercheck_malloc.h
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/countercheck/malloc)
    install(FILES ${PROJECT_SOURCE_DIR}/allocator/memstats_fields.def
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/countercheck/allocator)
    install(FILES ${PROJECT_SOURCE_DIR}/malloc/countercheck-malloc.3 DESTINATION ${CMAKE_INSTALL_MANDIR}/man3)
    configure_file(${PROJECT_SOURCE_DIR}/cmake/countercheck-malloc.pc.in countercheck-malloc.pc @ONLY)
    install(FILES ${CMAKE_CURRENT_BINARY_DIR}/countercheck-malloc.pc
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

    # The same where no call stack can be followed, for a test.
    add_library(countercheck-malloc-stackless SHARED $<TARGET_OBJECTS:countercheck_malloc_parts>
        ${PROJECT_SOURCE_DIR}/unwind/none.c)
    target_compile_options(countercheck-malloc-stackless PRIVATE ${malloc_options})

    # The same with the oracle in it, for tests and benchmarks: it checks the account against the
    # scan at the process's end, and when it is asked to. And canaries of that.
    file(GLOB_RECURSE checked_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/oracle/core/*.c
        ${PROJECT_SOURCE_DIR}/oracle/go/*.c
        ${PROJECT_SOURCE_DIR}/dump/read/*.c
        ${PROJECT_SOURCE_DIR}/dump/graph/*.c)
    add_library(countercheck_checked_parts OBJECT ${checked_sources} ${PROJECT_SOURCE_DIR}/tests/malloc/checked.c)
    target_link_libraries(countercheck_checked_parts PUBLIC countercheck_flags)
    target_compile_options(countercheck_checked_parts PRIVATE ${malloc_options})
    set_target_properties(countercheck_checked_parts PROPERTIES POSITION_INDEPENDENT_CODE ON)
    set(checked_objects $<TARGET_OBJECTS:countercheck_malloc_parts> $<TARGET_OBJECTS:countercheck_checked_parts>)
    add_library(countercheck-malloc-checked SHARED ${checked_objects})
    add_library(countercheck-malloc-liar SHARED ${checked_objects}
        ${PROJECT_SOURCE_DIR}/tests/malloc/liar.c)
    target_link_options(countercheck-malloc-liar PRIVATE -Wl,--wrap=heap_read_memstats
        -Wl,--wrap=retained_visit)
    foreach(name countercheck-malloc countercheck-malloc-checked countercheck-malloc-liar)
        target_sources(${name} PRIVATE ${COUNTERCHECK_UNWIND})
        add_dependencies(${name} countercheck_unwind)
    endforeach()
    foreach(name countercheck-malloc countercheck-malloc-checked countercheck-malloc-liar countercheck-malloc-stackless)
        target_link_libraries(${name} PRIVATE countercheck_flags)
        target_link_options(${name} PRIVATE -Wl,--no-undefined -Wl,-z,now -Wl,-z,nodelete)
    endforeach()
endif()

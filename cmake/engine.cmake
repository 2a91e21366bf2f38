# engine: the harness for a program outside that fuzzes its own allocator, as one archive; and the function that uses it.
#
# fuzz/targets/target_subject.c with all that it needs, as one object in which only the engines' entry points are global. Who
# links it brings a table (subject/subject.h) and an engine: clang -fsanitize=fuzzer. countercheck_add_subject() does both, by
# find_package(countercheck).
if(NOT COUNTERCHECK_IS_PLAIN)
    return()
endif()

add_library(countercheck_engine_parts OBJECT ${PROJECT_SOURCE_DIR}/fuzz/targets/target_subject.c
    ${PROJECT_SOURCE_DIR}/fuzz/targets/target_stats.c ${PROJECT_SOURCE_DIR}/fuzz/targets/target_hooks.c)
target_link_libraries(countercheck_engine_parts PRIVATE countercheck_flags countercheck_hardened)
set_target_properties(countercheck_engine_parts PROPERTIES POSITION_INDEPENDENT_CODE ON)

set(whole ${CMAKE_CURRENT_BINARY_DIR}/countercheck-fuzz.o)
set(parts "")
foreach(layer fuzz_inputs fuzz_subject fuzz_core oracle_subject oracle_core subject_examples)
    list(APPEND parts $<TARGET_FILE:countercheck_${layer}>)
endforeach()
add_custom_command(OUTPUT ${whole} VERBATIM COMMAND_EXPAND_LISTS
    COMMAND ${CMAKE_C_COMPILER} -r -nostdlib -o ${whole} $<TARGET_OBJECTS:countercheck_engine_parts>
        -Wl,--start-group ${parts} -Wl,--end-group
    COMMAND ${CMAKE_OBJCOPY} --wildcard --keep-global-symbol=LLVMFuzzer* --keep-global-symbol=__asan_default_options ${whole}
    DEPENDS countercheck_engine_parts $<TARGET_OBJECTS:countercheck_engine_parts> ${parts})
add_library(countercheck-fuzz STATIC ${whole})
set_target_properties(countercheck-fuzz PROPERTIES LINKER_LANGUAGE C EXPORT_NAME fuzz)
target_link_libraries(countercheck-fuzz INTERFACE ${CMAKE_DL_LIBS})

install(TARGETS countercheck-fuzz EXPORT countercheck ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(FILES ${PROJECT_SOURCE_DIR}/cmake/countercheckSubject.cmake
    DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/countercheck)

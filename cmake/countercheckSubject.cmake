# countercheckSubject: an allocator of yours under Countercheck, from your own CMakeLists.txt.
#
#   find_package(countercheck REQUIRED)
#   countercheck_add_subject(NAME SOURCES mine_subject.c mine.c
#       [RELATIONS mine.relations] [LIBRARIES LIBRARY...] [INCLUDES FOLDER...] [CORPUS FOLDER] [OPERATIONS N])
#
# NAME_subject      the adapter as a module, which the command opens
# subject.NAME      a test: N operations (100000) of drawn programs, every relation after each
# subject.NAME/...  a test for each program that CORPUS keeps (FOLDER/* and FOLDER/{seed,found,regression,slow}/*)
# fuzz_NAME         where the compiler is clang: libFuzzer on it, with AddressSanitizer and UBSan; not part of `all`.
#                   It says how a file that it finds is run again: countercheck replay --subject MODULE --relations ... FILE

find_program(COUNTERCHECK_COMMAND countercheck HINTS ${CMAKE_CURRENT_LIST_DIR}/../../../bin
    ${CMAKE_CURRENT_LIST_DIR}/../../../../bin)

# The relations as bytes of a C file, so that what is linked needs no file beside it.
function(countercheck_embed_relations relations source)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${relations})
    file(READ ${relations} bytes HEX)
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
    file(WRITE ${source}.new "extern const char countercheck_linked_relations[];\nconst char countercheck_linked_relations[] = {${bytes}0};\n")
    configure_file(${source}.new ${source} COPYONLY) # touched only when it differs
endfunction()

function(countercheck_add_subject name)
    cmake_parse_arguments(subject "" "RELATIONS;CORPUS;OPERATIONS" "SOURCES;LIBRARIES;INCLUDES" ${ARGN})
    if(NOT subject_SOURCES OR subject_UNPARSED_ARGUMENTS)
        message(FATAL_ERROR "countercheck_add_subject(${name}): SOURCES FILE... is needed; unknown: '${subject_UNPARSED_ARGUMENTS}'")
    endif()
    if(NOT COUNTERCHECK_COMMAND)
        message(FATAL_ERROR "countercheck_add_subject(${name}): no countercheck beside this package or on PATH")
    endif()
    if(NOT subject_OPERATIONS)
        set(subject_OPERATIONS 100000)
    endif()
    set(relations "")
    set(linked ${subject_SOURCES})
    if(subject_RELATIONS)
        get_filename_component(file ${subject_RELATIONS} ABSOLUTE)
        set(relations --relations ${file})
        set(text ${CMAKE_CURRENT_BINARY_DIR}/${name}_relations.c)
        countercheck_embed_relations(${file} ${text})
        list(APPEND linked ${text})
    endif()
    get_filename_component(include ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/../../../include/countercheck ABSOLUTE)
    if(NOT EXISTS ${include})
        get_filename_component(include ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/../../../../include/countercheck ABSOLUTE)
    endif()
    set(includes ${subject_INCLUDES} ${include})

    add_library(${name}_subject MODULE ${subject_SOURCES})
    target_include_directories(${name}_subject PRIVATE ${includes})
    target_link_libraries(${name}_subject PRIVATE ${subject_LIBRARIES})
    set_target_properties(${name}_subject PROPERTIES PREFIX "" OUTPUT_NAME ${name})

    add_test(NAME subject.${name} COMMAND ${COUNTERCHECK_COMMAND} subject check $<TARGET_FILE:${name}_subject>
        ${relations} --operations ${subject_OPERATIONS})
    if(subject_CORPUS)
        get_filename_component(corpus ${subject_CORPUS} ABSOLUTE)
        file(GLOB kept CONFIGURE_DEPENDS RELATIVE ${corpus} ${corpus}/*.ops ${corpus}/seed/* ${corpus}/found/* ${corpus}/slow/* ${corpus}/regression/*)
        foreach(program IN LISTS kept)
            add_test(NAME subject.${name}/${program} COMMAND ${COUNTERCHECK_COMMAND} replay
                --subject $<TARGET_FILE:${name}_subject> ${relations} ${corpus}/${program})
        endforeach()
    endif()

    if(CMAKE_C_COMPILER_ID MATCHES "Clang")
        set(call ${CMAKE_CURRENT_BINARY_DIR}/${name}_call.c)
        set(words "--subject '$<TARGET_FILE:${name}_subject>'") # a folder's name may have blanks
        foreach(word IN LISTS relations)
            string(APPEND words " '${word}'")
        endforeach()
        file(GENERATE OUTPUT ${call} CONTENT
            "extern const char countercheck_linked_call[];\nconst char countercheck_linked_call[] = \"${words}\";\n")
        add_executable(fuzz_${name} EXCLUDE_FROM_ALL ${linked} ${call})
        target_include_directories(fuzz_${name} PRIVATE ${includes})
        target_compile_options(fuzz_${name} PRIVATE -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all)
        target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer,address,undefined)
        target_link_libraries(fuzz_${name} PRIVATE countercheck::fuzz ${subject_LIBRARIES})
    else()
        message(STATUS "countercheck_add_subject(${name}): fuzz_${name} needs clang (CC=clang)")
    endif()
endfunction()

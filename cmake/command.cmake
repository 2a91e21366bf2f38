# command: the countercheck command; it alone links the compression libraries.

option(COUNTERCHECK_COMMAND "Build the command, which needs zlib, liblzma, libzstd and json-c" ON)

if(COUNTERCHECK_COMMAND)
    find_package(ZLIB REQUIRED)
    find_package(LibLZMA REQUIRED)
    find_package(PkgConfig REQUIRED)
    pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)
    pkg_check_modules(JSONC REQUIRED IMPORTED_TARGET json-c)
    pkg_check_modules(NETTLE IMPORTED_TARGET nettle) # dump redact --names
    set(has_nettle 0)
    if(NETTLE_FOUND)
        set(has_nettle 1)
        target_link_libraries(countercheck_cli PUBLIC PkgConfig::NETTLE)
    endif()
    target_compile_definitions(countercheck_cli PRIVATE COUNTERCHECK_HAS_NETTLE=${has_nettle})
    # dump pprof: the messages of profile.proto, in C
    pkg_check_modules(PROTOBUF_C IMPORTED_TARGET libprotobuf-c)
    find_program(PROTOC_C protoc-c)
    mark_as_advanced(PROTOC_C)
    set(has_profile 0)
    if(PROTOBUF_C_FOUND AND PROTOC_C)
        set(has_profile 1)
        set(messages ${CMAKE_BINARY_DIR}/generated/profile.pb-c)
        file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/generated)
        set(messages_from ${PROJECT_SOURCE_DIR}/cli/profile/profile.proto)
        set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${messages_from})
        execute_process(COMMAND ${PROTOC_C} --c_out=${CMAKE_BINARY_DIR}/generated
            -I${PROJECT_SOURCE_DIR}/cli/profile ${messages_from} COMMAND_ERROR_IS_FATAL ANY)
        set_source_files_properties(${messages}.c PROPERTIES COMPILE_OPTIONS -w) # protoc-c's, not ours
        target_sources(countercheck_cli PRIVATE ${messages}.c)
        target_include_directories(countercheck_cli SYSTEM PRIVATE ${CMAKE_BINARY_DIR}/generated)
        target_link_libraries(countercheck_cli PUBLIC PkgConfig::PROTOBUF_C m)
    else()
        set_source_files_properties(${PROJECT_SOURCE_DIR}/cli/profile/profile.c
            ${PROJECT_SOURCE_DIR}/cli/dump/export/profiles.c PROPERTIES HEADER_FILE_ONLY ON)
    endif()
    target_compile_definitions(countercheck_cli PRIVATE COUNTERCHECK_HAS_PROFILE=${has_profile})
    # dump --binary, a trace's stacks: DWARF by elfutils
    pkg_check_modules(LIBDW IMPORTED_TARGET libdw libelf)
    set(has_dwarf 0)
    if(LIBDW_FOUND)
        set(has_dwarf 1)
        target_link_libraries(countercheck_cli PUBLIC PkgConfig::LIBDW)
    else()
        set_source_files_properties(${PROJECT_SOURCE_DIR}/cli/dump/binary/program.c
            ${PROJECT_SOURCE_DIR}/cli/trace/symbols/module.c PROPERTIES HEADER_FILE_ONLY ON)
    endif()
    target_compile_definitions(countercheck_cli PRIVATE COUNTERCHECK_HAS_DWARF=${has_dwarf})
    # dump html: its page, as bytes in a source
    set(page_file ${PROJECT_SOURCE_DIR}/cli/dump/export/page.html)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${page_file})
    file(READ ${page_file} page_bytes HEX)
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," page_bytes ${page_bytes})
    file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/page_text.c @ONLY CONTENT
        "#include \"cli/dump/export/page.h\"\nconst char page_text[] = {@page_bytes@0};\n")
    target_sources(countercheck_cli PRIVATE ${CMAKE_BINARY_DIR}/page_text.c)
    target_sources(countercheck_cli PRIVATE ${CMAKE_BINARY_DIR}/template_files.c) # cmake/subjects.cmake
    target_link_libraries(countercheck_cli PUBLIC ZLIB::ZLIB LibLZMA::LibLZMA PkgConfig::ZSTD PkgConfig::JSONC)
    target_compile_definitions(countercheck_cli PRIVATE COUNTERCHECK_HAS_GO=${COUNTERCHECK_HAS_GO})
    # Targets that take any bytes, under names of their own: a whole corpus is replayed by the command.
    add_library(countercheck_graph_laws STATIC fuzz/targets/graph_laws.c)
    target_link_libraries(countercheck_graph_laws PUBLIC countercheck_flags countercheck_dump_graph)
    foreach(target decode ops relations)
        add_library(countercheck_target_${target} STATIC fuzz/targets/target_${target}.c)
        target_compile_definitions(countercheck_target_${target}
            PRIVATE LLVMFuzzerTestOneInput=target_${target}_input)
        target_link_libraries(countercheck_target_${target}
            PUBLIC countercheck_fuzz countercheck_target_stats countercheck_graph_laws)
        target_link_libraries(countercheck_cli PUBLIC countercheck_target_${target})
    endforeach()
    add_library(countercheck_target_stats STATIC fuzz/targets/target_stats.c)
    target_link_libraries(countercheck_target_stats PUBLIC countercheck_flags)
    # What a finding's screen names: the commit, looked at in each build, and the kind of build.
    add_custom_target(countercheck_commit
        COMMAND ${CMAKE_COMMAND} -DSOURCE=${PROJECT_SOURCE_DIR} -DOUT=${PROJECT_BINARY_DIR}/commit.c
            -P ${PROJECT_SOURCE_DIR}/cmake/commit.cmake
        BYPRODUCTS ${PROJECT_BINARY_DIR}/commit.c VERBATIM)
    add_library(countercheck_origin STATIC ${PROJECT_BINARY_DIR}/commit.c)
    add_dependencies(countercheck_origin countercheck_commit)
    target_link_libraries(countercheck_origin PUBLIC countercheck_flags)
    target_link_libraries(countercheck_cli PUBLIC countercheck_origin)
    get_filename_component(countercheck_build ${PROJECT_BINARY_DIR} NAME)
    string(PREPEND countercheck_build "build ")
    if(COUNTERCHECK_SANITIZE)
        string(APPEND countercheck_build " with ${COUNTERCHECK_SANITIZE} sanitizers")
    endif()
    string(REPLACE "," " and " countercheck_build "${countercheck_build}")
    set_property(SOURCE cli/run/origin.c APPEND PROPERTY
        COMPILE_DEFINITIONS "COUNTERCHECK_BUILD=\"${countercheck_build}\"")

    # Where the command finds the library that records, when it is installed.
    include(GNUInstallDirs)
    file(RELATIVE_PATH record_folder ${CMAKE_INSTALL_FULL_BINDIR} ${CMAKE_INSTALL_FULL_LIBDIR})
    set_property(SOURCE cli/cmd_record.c APPEND PROPERTY
        COMPILE_DEFINITIONS "RECORD_LIBRARY_FOLDER=\"${record_folder}\"")

    add_executable(countercheck cli/main.c)
    target_link_libraries(countercheck PRIVATE countercheck_cli)
    target_compile_definitions(countercheck PRIVATE COUNTERCHECK_VERSION="${PROJECT_VERSION}")
    if(COUNTERCHECK_IS_PLAIN)
        target_link_libraries(countercheck PRIVATE countercheck_hardened)
        target_compile_options(countercheck PRIVATE -fPIE)
        target_link_options(countercheck PRIVATE -pie -Wl,-z,relro -Wl,-z,now)
    endif()

    install(TARGETS countercheck RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
    if(COUNTERCHECK_IS_PLAIN)
        set(manual ${PROJECT_BINARY_DIR}/countercheck.1)
        add_custom_command(OUTPUT ${manual} VERBATIM
            COMMAND ${CMAKE_COMMAND} -DCOMMAND=$<TARGET_FILE:countercheck> -DFROM=${PROJECT_SOURCE_DIR}/cli/countercheck.1
                -DOUT=${manual} -P ${PROJECT_SOURCE_DIR}/cmake/manual.cmake
            DEPENDS countercheck cli/countercheck.1 cmake/manual.cmake)
        add_custom_target(countercheck_manual ALL DEPENDS ${manual})
        install(FILES ${manual} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
    endif()
    install(FILES cli/completions/countercheck.bash
        DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME countercheck)
    install(FILES cli/completions/_countercheck
        DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
    install(FILES cli/completions/countercheck.fish
        DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
    install(FILES README.md DESIGN.md CHANGELOG.md LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
endif()

# reader: the dump's reader as a library of its own, for programs outside: shared, with a version.
#
# countercheck::dump is its name here, below another project (add_subdirectory) and installed
# (find_package(countercheck)); pkg-config calls it countercheck-dump. It exports what begins with
# dump_, which is what its headers declare; BUILD_SHARED_LIBS=OFF makes an archive of it that shows no
# more. The command links a layer of its own instead, and needs no library at run time.

if(NOT COUNTERCHECK_IS_PLAIN)
    return() # its objects would ask for a runtime that a program outside does not have
endif()
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
if(PROJECT_IS_TOP_LEVEL)
    option(BUILD_SHARED_LIBS "The reader is a shared library" ON)
endif()

file(GLOB reader_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/dump/read/*.c
    ${PROJECT_SOURCE_DIR}/dump/graph/*.c)
add_library(countercheck_reader_parts OBJECT ${reader_sources})
target_link_libraries(countercheck_reader_parts PRIVATE countercheck_flags countercheck_hardened)
set_target_properties(countercheck_reader_parts PROPERTIES POSITION_INDEPENDENT_CODE ON)

if(BUILD_SHARED_LIBS)
    add_library(countercheck-dump SHARED $<TARGET_OBJECTS:countercheck_reader_parts>)
    set(exports ${PROJECT_SOURCE_DIR}/cmake/reader.map)
    set_target_properties(countercheck-dump PROPERTIES LINK_DEPENDS ${exports})
    target_link_options(countercheck-dump PRIVATE -Wl,--version-script=${exports}
        -Wl,-z,relro -Wl,-z,now)
else()
    # one object, in which what is not exported is local
    target_compile_options(countercheck_reader_parts PRIVATE -fno-lto)
    set(whole ${CMAKE_CURRENT_BINARY_DIR}/countercheck-dump.o)
    add_custom_command(OUTPUT ${whole} VERBATIM COMMAND_EXPAND_LISTS
        COMMAND ${CMAKE_C_COMPILER} -r -nostdlib -o ${whole} $<TARGET_OBJECTS:countercheck_reader_parts>
        COMMAND ${CMAKE_OBJCOPY} --wildcard --keep-global-symbol=dump_* ${whole}
        DEPENDS countercheck_reader_parts $<TARGET_OBJECTS:countercheck_reader_parts>)
    add_library(countercheck-dump STATIC ${whole})
endif()
add_library(countercheck::dump ALIAS countercheck-dump)
set_target_properties(countercheck-dump PROPERTIES LINKER_LANGUAGE C EXPORT_NAME dump
    VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR})
target_include_directories(countercheck-dump INTERFACE $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>
    $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}/countercheck>)

install(TARGETS countercheck-dump EXPORT countercheck
    LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(FILES ${PROJECT_SOURCE_DIR}/dump/reader.h ${PROJECT_SOURCE_DIR}/dump/recode.h
    ${PROJECT_SOURCE_DIR}/dump/graph.h ${PROJECT_SOURCE_DIR}/dump/records.def
    DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/countercheck/dump)
install(FILES ${PROJECT_SOURCE_DIR}/dump/FORMAT.md DESTINATION ${CMAKE_INSTALL_DOCDIR})

set(config_folder ${CMAKE_INSTALL_LIBDIR}/cmake/countercheck)
install(EXPORT countercheck NAMESPACE countercheck:: FILE countercheckTargets.cmake
    DESTINATION ${config_folder})
file(CONFIGURE OUTPUT countercheckConfig.cmake @ONLY CONTENT
    "include(\"\${CMAKE_CURRENT_LIST_DIR}/countercheckTargets.cmake\")
include(\"\${CMAKE_CURRENT_LIST_DIR}/countercheckSubject.cmake\" OPTIONAL)
")
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/countercheckConfig.cmake DESTINATION ${config_folder})
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/countercheckConfigVersion.cmake
    COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/countercheckConfigVersion.cmake DESTINATION ${config_folder})

configure_file(${PROJECT_SOURCE_DIR}/cmake/countercheck-dump.pc.in countercheck-dump.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/countercheck-dump.pc
    DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

# install: the dump's reader as a library of its own, for programs outside: archive, headers, pkg-config.
#
# The command's own files are installed by cmake/command.cmake.

include(GNUInstallDirs)

file(GLOB reader_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/dump/read/*.c)
add_library(countercheck-dump STATIC ${reader_sources})
target_link_libraries(countercheck-dump PRIVATE $<BUILD_INTERFACE:countercheck_flags>)
install(TARGETS countercheck-dump ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(FILES dump/reader.h dump/recode.h dump/records.def
    DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/countercheck/dump)
install(FILES dump/FORMAT.md DESTINATION ${CMAKE_INSTALL_DOCDIR})

configure_file(cmake/countercheck-dump.pc.in countercheck-dump.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/countercheck-dump.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

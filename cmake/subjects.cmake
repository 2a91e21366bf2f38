# subjects: the worked examples, linked into the command; adapters of other people's allocators are
# shared objects of their own.

# The table of each example has a name of its own, since they are in one program.
file(GLOB example_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/subject/examples/*.c)
add_library(countercheck_subject_examples STATIC ${example_sources})
target_link_libraries(countercheck_subject_examples PUBLIC countercheck_flags)
foreach(source IN LISTS example_sources)
    get_filename_component(name ${source} NAME_WE)
    if(name MATCHES "^(.*)_subject$")
        set_property(SOURCE ${source} APPEND PROPERTY COMPILE_DEFINITIONS
            COUNTERCHECK_SUBJECT_TABLE=${CMAKE_MATCH_1}_table)
    endif()
endforeach()

# All that an adapter includes: -I PREFIX/include/countercheck makes "subject/subject.h" of it.
include(GNUInstallDirs)
install(FILES ${PROJECT_SOURCE_DIR}/subject/subject.h
    DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/countercheck/subject)
install(FILES ${PROJECT_SOURCE_DIR}/subject/README.md
    DESTINATION ${CMAKE_INSTALL_DOCDIR} RENAME SUBJECT.md)

# subjects: the worked examples, linked into the command; adapters of other people's allocators are
# shared objects of their own.

# The table of each example has a name of its own, since they are in one program.
file(GLOB example_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/subject/examples/*.c)
add_library(countercheck_subject_examples STATIC ${example_sources})
target_link_libraries(countercheck_subject_examples PUBLIC countercheck_flags)
if(COUNTERCHECK_ENGINE MATCHES "^(libfuzzer|afl)$")
    countercheck_guide(subject_examples "${example_sources}")
endif()
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
# The bridge to an allocator in another process is compiled for each driver, where the driver is.
file(GLOB bridge CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/subject/drivers/*.[ch])
install(FILES ${bridge} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/countercheck/subject/drivers)
install(PROGRAMS ${PROJECT_SOURCE_DIR}/subject/drivers/compile
    DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/countercheck/subject/drivers)
install(FILES ${PROJECT_SOURCE_DIR}/subject/README.md
    DESTINATION ${CMAKE_INSTALL_DOCDIR} RENAME SUBJECT.md)

# What `countercheck subject new` writes, as bytes in a source of the command.
set(template_source ${CMAKE_BINARY_DIR}/template_files.c)
set(template_arrays "")
set(template_rows "")
foreach(path template/template_subject.c template/template.relations template/CMakeLists.txt template/workflow.yml subject.h)
    set(file ${PROJECT_SOURCE_DIR}/subject/${path})
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
    file(READ ${file} bytes HEX)
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes ${bytes})
    string(MAKE_C_IDENTIFIER ${path} array)
    string(REGEX REPLACE "^template/" "" shown ${path})
    string(REGEX REPLACE "^subject\\.h$" "subject/subject.h" shown ${shown})
    string(APPEND template_arrays "static const unsigned char ${array}[] = {${bytes}};\n")
    string(APPEND template_rows "    {\"${shown}\", ${array}, sizeof ${array}},\n")
endforeach()
# What each program of `ops --c` begins with, and what stands behind that where it is needed.
set(alone_texts "")
foreach(part alone lanes fork backing)
    set(file ${PROJECT_SOURCE_DIR}/subject/template/${part}.c)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
    file(READ ${file} bytes HEX)
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes ${bytes})
    string(APPEND alone_texts "const char ${part}_text[] = {${bytes}0};\n")
endforeach()
file(CONFIGURE OUTPUT ${template_source} @ONLY CONTENT
    "#include \"cli/subject/alone.h\"\n#include \"cli/subject/new.h\"\n@alone_texts@@template_arrays@const struct template_file template_files[] = {\n@template_rows@    {0, 0, 0},\n};\n")

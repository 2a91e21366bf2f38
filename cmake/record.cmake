# record: libcountercheck-record.so, which writes down what a program asks of malloc.
#
# It is what it is in every build: a sanitizer in it would be one in any program that it is loaded into.
add_library(countercheck-record SHARED)
file(GLOB record_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/record/*.c)
target_sources(countercheck-record PRIVATE ${record_sources} ${COUNTERCHECK_UNWIND})
add_dependencies(countercheck-record countercheck_unwind)
target_link_libraries(countercheck-record PRIVATE countercheck_language)
target_compile_options(countercheck-record PRIVATE -fno-sanitize=all -O3 -fvisibility=hidden -ftls-model=initial-exec
    -fno-plt -fno-builtin-malloc -fno-builtin-calloc -fno-builtin-realloc -fno-builtin-free)
target_link_options(countercheck-record PRIVATE -fno-sanitize=all -Wl,--no-undefined -Wl,-z,now -Wl,-z,nodelete
    -Wl,-z,initfirst)
# C++'s new may throw through ours.
set_property(SOURCE ${PROJECT_SOURCE_DIR}/record/operators.c APPEND PROPERTY COMPILE_OPTIONS -fexceptions)
include(GNUInstallDirs)
install(TARGETS countercheck-record LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})

# tests: one executable for each test file, linked with the layer that it tests and those above.
#
# tests/<layer>/test_*.c    cmocka, linked with <layer>
# tests/canary/*.c          cmocka, linked with everything
#   "// wrap: f g" in either names what it replaces at link time
# tests/cli/test_*.c|*.sh   run against the command that was built
#   "# once: WHY" in the head of a script: it is asked in the sanitizers' build alone, by `make test`. What a build does otherwise,
#   the layers' tests, the kept corpus and those without such a line show, among them test_hostile, which calls each command.
# tests/malloc/test_*.c|*.sh  run on our malloc by LD_PRELOAD, the oracle in it; linked with no layer
# tests/lint/test_*.sh      look at the sources themselves
#   "# night: WHY" in the head of a script: `make test LEAVE=night` leaves it out
#
# tests/<folder>/support_*.c is linked into each test of its folder.

find_package(PkgConfig REQUIRED)
pkg_check_modules(CMOCKA REQUIRED IMPORTED_TARGET cmocka)

# The tests' main(), which a test that has its own does not take.
add_library(countercheck_test_main STATIC tests/test.c)
target_link_libraries(countercheck_test_main PRIVATE countercheck_flags PkgConfig::CMOCKA)

# A block of which one caller alone is known, or none, is no leak to LeakSanitizer, and the command's own options keep none
# (fuzz/targets/target_stats.c): test_leaks.
set(COUNTERCHECK_TEST_ENVIRONMENT
    "ASAN_OPTIONS=abort_on_error=0:allocator_may_return_null=1:detect_leaks=1:malloc_context_size=10"
    "UBSAN_OPTIONS=print_stacktrace=1"
    "TSAN_OPTIONS=halt_on_error=1:allocator_may_return_null=1:die_after_fork=0" # a child runs on
    "COUNTERCHECK_SOURCE=${PROJECT_SOURCE_DIR}")
if(TARGET countercheck)
    list(APPEND COUNTERCHECK_TEST_ENVIRONMENT "COUNTERCHECK=$<TARGET_FILE:countercheck>")
endif()

function(countercheck_test_settings name label)
    set_tests_properties(${name} PROPERTIES
        ENVIRONMENT "${COUNTERCHECK_TEST_ENVIRONMENT}" LABELS "${label}" TIMEOUT 1200 SKIP_RETURN_CODE 77)
endfunction()

# countercheck_scripts(FOLDER START [LABEL...]): a test for each script of tests/FOLDER, started in START, with the labels FOLDER,
# LABEL and what its head says of "# once: WHY" and "# night: WHY". Sets FOLDER_scripts, their names.
function(countercheck_scripts folder start)
    set(names)
    file(GLOB scripts CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/${folder}/test_*.sh)
    foreach(script IN LISTS scripts)
        get_filename_component(stem ${script} NAME_WE)
        set(name ${folder}.${stem})
        set(labels ${folder} ${ARGN})
        foreach(label once night)
            file(STRINGS ${script} why REGEX "^# ${label}: [a-z]")
            if(why)
                list(APPEND labels ${label})
            endif()
        endforeach()
        set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${script})
        add_test(NAME ${name} COMMAND bash ${script} WORKING_DIRECTORY ${start})
        countercheck_test_settings(${name} "${labels}")
        list(APPEND names ${name})
    endforeach()
    set(${folder}_scripts ${names} PARENT_SCOPE)
endfunction()

# countercheck_wraps(NAME SOURCE) reads "// wrap: f g" out of the source and replaces f and g at link time.
function(countercheck_wraps name source)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${source})
    file(STRINGS ${source} lines REGEX "^// wrap:")
    foreach(line IN LISTS lines)
        string(REGEX REPLACE "^// wrap:[ ]*" "" functions "${line}")
        separate_arguments(functions)
        foreach(function IN LISTS functions)
            target_link_options(${name} PRIVATE -Wl,--wrap=${function})
        endforeach()
    endforeach()
endfunction()

# countercheck_tests(LABEL LAYER SOURCE...) adds one cmocka executable for each source.
function(countercheck_tests label library)
    file(GLOB support CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/${label}/support_*.c)
    foreach(source IN LISTS ARGN)
        get_filename_component(stem ${source} NAME_WE)
        set(name ${label}.${stem})
        add_executable(${name} ${source} ${support})
        target_link_libraries(${name} PRIVATE countercheck_${library} countercheck_test_main PkgConfig::CMOCKA)
        set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
        countercheck_wraps(${name} ${source})
        add_test(NAME ${name} COMMAND ${name} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
        countercheck_test_settings(${name} ${label})
    endforeach()
endfunction()

foreach(layer trace allocator runtime dump oracle fuzz)
    file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/${layer}/test_*.c)
    countercheck_tests(${layer} ${layer} ${sources})
endforeach()

file(GLOB canaries CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/canary/*.c)
list(FILTER canaries EXCLUDE REGEX "/support_[^/]*\\.c$")
countercheck_tests(canary fuzz ${canaries})

# Each function of allocator/inspect.h lies in one of these, made of the header.
find_package(Python3 COMPONENTS Interpreter)
if(Python3_FOUND)
    file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/generated)
    set(liars ${CMAKE_BINARY_DIR}/generated/lying_sources.c)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
        ${PROJECT_SOURCE_DIR}/allocator/inspect.h ${PROJECT_SOURCE_DIR}/ci/liars)
    execute_process(COMMAND ${Python3_EXECUTABLE} ${PROJECT_SOURCE_DIR}/ci/liars --c
        OUTPUT_FILE ${liars} COMMAND_ERROR_IS_FATAL ANY)
    countercheck_tests(canary fuzz ${liars})
endif()

if(TARGET countercheck)
    file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/cli/test_*.c)
    countercheck_tests(cli cli ${sources})
    foreach(source IN LISTS sources)
        get_filename_component(stem ${source} NAME_WE)
        add_dependencies(cli.${stem} countercheck)
    endforeach()
    countercheck_scripts(cli ${CMAKE_BINARY_DIR} script)
endif()

if(TARGET bench_fuzz) # runs at all: what it measures is no test's affair
    add_test(NAME fuzz.bench_fuzz COMMAND bench_fuzz 20)
    countercheck_test_settings(fuzz.bench_fuzz fuzz)
endif()

if(TARGET countercheck-malloc)
    file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/malloc/test_*.c)
    countercheck_tests(malloc flags ${sources})
    foreach(source IN LISTS sources)
        get_filename_component(stem ${source} NAME_WE)
        target_compile_options(malloc.${stem} PRIVATE -fno-builtin) # each call is made
        target_link_libraries(malloc.${stem} PRIVATE countercheck-malloc-checked)
        set_property(TEST malloc.${stem} APPEND PROPERTY
            ENVIRONMENT "LD_PRELOAD=$<TARGET_FILE:countercheck-malloc-checked>")
    endforeach()
    countercheck_scripts(malloc ${CMAKE_BINARY_DIR})
    set_property(TEST ${malloc_scripts} APPEND PROPERTY ENVIRONMENT
        "MALLOC=$<TARGET_FILE:countercheck-malloc>"
        "CHECKED_MALLOC=$<TARGET_FILE:countercheck-malloc-checked>"
        "LIAR_MALLOC=$<TARGET_FILE:countercheck-malloc-liar>"
        "STACKLESS_MALLOC=$<TARGET_FILE:countercheck-malloc-stackless>")
endif()

# A program that is recorded has no sanitizer in it: those replace malloc.
if(TARGET countercheck)
    add_executable(record.works ${PROJECT_SOURCE_DIR}/tests/record/works.c)
    target_link_libraries(record.works PRIVATE countercheck_language)
    target_compile_options(record.works PRIVATE -fno-sanitize=all -fno-builtin)
    target_link_options(record.works PRIVATE -fno-sanitize=all)
    set_target_properties(record.works PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
    file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/record/test_*.c)
    countercheck_tests(record trace ${sources})
    foreach(source IN LISTS sources)
        get_filename_component(stem ${source} NAME_WE)
        add_dependencies(record.${stem} countercheck countercheck-record record.works)
        set_property(TEST record.${stem} APPEND PROPERTY ENVIRONMENT "RECORD_WORKS=$<TARGET_FILE:record.works>")
        if(TARGET countercheck-malloc)
            add_dependencies(record.${stem} countercheck-malloc)
            set_property(TEST record.${stem} APPEND PROPERTY
                ENVIRONMENT "RECORD_UNDER=$<TARGET_FILE:countercheck-malloc>")
        endif()
    endforeach()
endif()

countercheck_scripts(lint ${PROJECT_SOURCE_DIR})

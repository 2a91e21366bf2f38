# layers: each layer is a static library that links the layer above it and nothing below.
#
# The order of the calls is the order of the layers: an upward call does not link, because no archive
# stands behind the one that would need it.

set(COUNTERCHECK_CODEC fuzz/program/operation.c fuzz/program/program.c fuzz/program/text_parse.c fuzz/program/text_print.c
    fuzz/program/text_word.c)

# What guides an engine: the edges of the subject, of the dump's reader, of the operations' codec and of
# the relations, which have a target of their own and are in no other.
# Those of the oracle and the executor would cost half of the speed and tell nothing; those below
# depend on the process's past (what is mapped already) or on another thread's pace, so that the same
# input would seem to do something new. Comparisons are traced for the one target whose mutator has a
# use for them (cmake/targets.cmake).
function(countercheck_guide name sources)
    set(guided "")
    if(name MATCHES "^(allocator|runtime|dump_read|dump_write|subject_examples)$")
        set(guided ${sources})
        list(FILTER guided EXCLUDE REGEX "/allocator/(system/(sysmap|sysmem|world)|whole/(heap|inspect_[^/]*|validity))\\.c$")
    elseif(name STREQUAL "fuzz_core")
        list(TRANSFORM COUNTERCHECK_CODEC PREPEND ${PROJECT_SOURCE_DIR}/ OUTPUT_VARIABLE guided)
    endif()
    set(relations ${sources})
    list(FILTER relations INCLUDE REGEX "/oracle/relations/[^/]*\\.c$")
    list(APPEND guided ${relations})
    set(edges inline-8bit-counters,pc-table)
    if(COUNTERCHECK_ENGINE STREQUAL "afl")
        set(edges trace-pc-guard)
    endif()
    set_property(SOURCE ${guided} APPEND PROPERTY COMPILE_OPTIONS -fsanitize-coverage=${edges})
endfunction()

# While an engine runs, the sanitizers watch the subject, the codecs, and contents.c, which alone of
# the harness touches the bytes of objects. The rest of the harness would take most of the time; it
# is watched by `make test`, on the same corpus. Poisoned bytes are asked for by a call, so that
# poison.c checks them just as well.
function(countercheck_unwatch name sources)
    if(name STREQUAL "allocator")
        list(FILTER sources INCLUDE REGEX "/allocator/whole/inspect_[^/]*\\.c$") # the oracle's eyes
    elseif(NOT name MATCHES "^(oracle|fuzz)_")
        return()
    endif()
    list(FILTER sources EXCLUDE REGEX "/oracle/relations/")
    foreach(watched IN LISTS COUNTERCHECK_CODEC ITEMS oracle/go/state/contents.c)
        list(REMOVE_ITEM sources ${PROJECT_SOURCE_DIR}/${watched})
    endforeach()
    set_property(SOURCE ${sources} APPEND PROPERTY COMPILE_OPTIONS -fno-sanitize=all -O3)
    if(COUNTERCHECK_SANITIZE MATCHES "address")
        set_source_files_properties(oracle/go/verify/poison.c PROPERTIES COMPILE_DEFINITIONS ORACLE_HAS_POISON=1)
    endif()
endfunction()

# Under TSan, what a soaking thread keeps of its own objects is not watched: these files touch their
# own thread's memory and constants alone, and would take a third of the time. All that another
# thread may see is watched: the heap, the runtime, the objects' bytes and anchors
# (fuzz/stress/contents.c), what the threads tell each other (fuzz/stress/gate.c), the conductor.
# -DCOUNTERCHECK_PRIVATE= watches all, which proves that these share nothing.
set(COUNTERCHECK_PRIVATE fuzz/stress/work.c fuzz/stress/object.c fuzz/stress/tiny.c
    oracle/go/state/class.c CACHE STRING "Sources that TSan does not watch: they share no memory")
if(COUNTERCHECK_SANITIZE STREQUAL "thread")
    foreach(file IN LISTS COUNTERCHECK_PRIVATE) # an older build's list may name what has moved
        if(EXISTS ${PROJECT_SOURCE_DIR}/allocator AND NOT EXISTS ${PROJECT_SOURCE_DIR}/${file})
            message(FATAL_ERROR "COUNTERCHECK_PRIVATE: no file ${file}; cmake -U COUNTERCHECK_PRIVATE takes the tree's list")
        endif()
    endforeach()
    set_property(SOURCE ${COUNTERCHECK_PRIVATE} APPEND PROPERTY COMPILE_OPTIONS -fno-sanitize=thread -O2)
    set_property(SOURCE fuzz/execute/mutexes.c APPEND PROPERTY COMPILE_DEFINITIONS MUTEXES_YIELD)
endif()

# countercheck_harden(NAME): what reads input is compiled against mistakes of ours with it. Not the heap
# and its runtime, which read none and are measured, and not under a sanitizer or an engine, which
# watch more.
function(countercheck_harden name)
    if(COUNTERCHECK_IS_PLAIN)
        target_compile_options(countercheck_${name} PRIVATE -fPIE)
        if(NOT name MATCHES "^(allocator|runtime)")
            target_link_libraries(countercheck_${name} PRIVATE $<BUILD_INTERFACE:countercheck_hardened>)
        endif()
    endif()
endfunction()

# countercheck_layer(NAME FOLDERS FOLDER... [ABOVE NAME...]) makes the static library countercheck_NAME
# of the sources below the folders. It links those named and nothing else.
function(countercheck_layer name)
    cmake_parse_arguments(layer "" "" "FOLDERS;ABOVE" ${ARGN})
    set(patterns ${layer_FOLDERS})
    list(TRANSFORM patterns PREPEND ${PROJECT_SOURCE_DIR}/)
    list(TRANSFORM patterns APPEND /*.c)
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${patterns})
    list(FILTER sources EXCLUDE REGEX "/fuzz/targets/(target|afl|engine)_[^/]*\\.c$")
    list(FILTER sources EXCLUDE REGEX "/cli/main\\.c$")
    if(NOT COUNTERCHECK_HAS_GO)
        list(FILTER sources EXCLUDE REGEX "/cli/soak_threads\\.c$")
    endif()
    list(TRANSFORM layer_ABOVE PREPEND countercheck_)
    add_library(countercheck_${name} STATIC ${sources})
    target_link_libraries(countercheck_${name} PUBLIC countercheck_flags ${layer_ABOVE})
    if(COUNTERCHECK_SCHEDULE)
        countercheck_schedule("${sources}")
    endif()
    countercheck_harden(${name})
    if(COUNTERCHECK_ENGINE MATCHES "^(libfuzzer|afl)$") # another has its guide in CFLAGS
        countercheck_guide(${name} "${sources}")
    endif()
    if(NOT COUNTERCHECK_ENGINE STREQUAL "none" AND NOT COUNTERCHECK_COVERAGE)
        countercheck_unwatch(${name} "${sources}")
    endif()
endfunction()

# countercheck_rooms(NAME NAME...): countercheck_NAME stands for those of the layers that this build has.
function(countercheck_rooms name)
    add_library(countercheck_${name} INTERFACE)
    foreach(room IN LISTS ARGN)
        if(TARGET countercheck_${room})
            target_link_libraries(countercheck_${name} INTERFACE countercheck_${room})
        endif()
    endforeach()
endfunction()

# countercheck_watches_locks(NAME): who links it has fuzz/execute/mutexes.c in the place of pthreads' mutexes.
# The name that is asked for at once takes the file out of its archive before an archive behind it needs it.
function(countercheck_watches_locks name)
    target_link_options(countercheck_${name} INTERFACE -Wl,-u,__wrap_pthread_mutex_unlock -Wl,--wrap=pthread_mutex_lock
        -Wl,--wrap=pthread_mutex_trylock -Wl,--wrap=pthread_mutex_unlock)
endfunction()

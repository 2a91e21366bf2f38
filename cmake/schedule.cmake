# schedule: the heap's threads under a scheduler of our own: fuzz/schedule/, with the heap compiled for its hooks.
#
# What -fsanitize=thread makes of the sources is calls; here they are answered by fuzz/schedule/hooks.c and
# not by the sanitizer's library, which is not linked.

option(COUNTERCHECK_SCHEDULE "Build fuzz/schedule/, and the heap for it (clang)" OFF)

# What is scheduled: the heap, the runtime, the dump's writer, and what the crew's threads share. The oracle's eyes as well, which read
# everything: whoever changes something of a stopped world races with them.
function(countercheck_schedule sources)
    list(FILTER sources INCLUDE REGEX "/(allocator|runtime|dump/write)/|/fuzz/stress/(gate|contents)\\.c$")
    set_property(SOURCE ${sources} APPEND PROPERTY COMPILE_OPTIONS -fsanitize=thread)
endfunction()

# holds: fuzz/schedule/main.c fuzz/schedule/crew.c
#
# The scheduler, and who is linked with it: what it wraps, fuzz/schedule/wraps.c does.
function(countercheck_schedule_programs)
    file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/fuzz/schedule/*.c)
    list(FILTER sources EXCLUDE REGEX "/(main|crew)\\.c$")
    add_library(countercheck_scheduler OBJECT ${sources})
    target_link_libraries(countercheck_scheduler PUBLIC countercheck_flags)
    target_compile_options(countercheck_scheduler PRIVATE -fno-builtin) # a loop becomes no call that is wrapped
    target_link_options(countercheck_scheduler PUBLIC -no-pie) # four bytes name a place in the code
    foreach(name pthread_mutex_lock pthread_mutex_trylock pthread_mutex_unlock pthread_cond_wait
            pthread_cond_broadcast pthread_create pthread_join sched_yield thrd_yield nanosleep clock_gettime
            syscall munmap mprotect madvise memset memcpy memmove)
        target_link_options(countercheck_scheduler PUBLIC -Wl,--wrap=${name})
    endforeach()

    add_executable(schedule fuzz/schedule/main.c fuzz/schedule/crew.c)
    target_link_libraries(schedule PRIVATE countercheck_scheduler countercheck_fuzz)

    # The same of malloc/, under names that leave libc's own where it is.
    set(lanes malloc/allocate.c malloc/extend.c malloc/malloc.c malloc/process.c malloc/retained.c
        tests/schedule/malloc_life.c)
    set_property(SOURCE ${lanes} APPEND PROPERTY COMPILE_OPTIONS -fsanitize=thread)
    foreach(name malloc free calloc realloc reallocarray aligned_alloc posix_memalign memalign valloc pvalloc
            malloc_usable_size)
        set_property(SOURCE malloc/malloc.c APPEND PROPERTY COMPILE_DEFINITIONS ${name}=lane_${name})
    endforeach()
    add_executable(schedule_malloc fuzz/schedule/main.c ${lanes} malloc/say.c malloc/variable.c malloc/watch.c
        tests/malloc/checked.c)
    target_link_libraries(schedule_malloc PRIVATE countercheck_scheduler countercheck_fuzz)

    find_package(PkgConfig REQUIRED)
    pkg_check_modules(CMOCKA REQUIRED IMPORTED_TARGET cmocka)
    set(test tests/schedule/test_schedule.c)
    set_property(SOURCE ${test} APPEND PROPERTY COMPILE_OPTIONS -fsanitize=thread)
    add_executable(test_schedule ${test} tests/test.c)
    target_link_libraries(test_schedule PRIVATE countercheck_scheduler PkgConfig::CMOCKA)
    add_test(NAME schedule.test_schedule COMMAND test_schedule)
    add_test(NAME schedule.lives COMMAND schedule --seed 1 --seconds 5)
    add_test(NAME schedule.malloc_lives COMMAND schedule_malloc --seed 1 --seconds 5)
endfunction()

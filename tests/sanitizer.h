// sanitizer: whether this build keeps shadow memory: all is slower then, and an address space has
// no limit.
#ifndef TESTS_SANITIZER_H
#define TESTS_SANITIZER_H

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZER_HAS_SHADOW 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZER_HAS_SHADOW 1
#endif
#endif
#ifndef SANITIZER_HAS_SHADOW
#define SANITIZER_HAS_SHADOW 0
#endif

#endif

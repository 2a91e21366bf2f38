// breaks: a test of a predicate: it holds, each broken word is seen, and it holds again.
#ifndef TESTS_BREAKS_H
#define TESTS_BREAKS_H

// `is_valid` is an expression that is true now. `place` of this type is given the value `broken`,
// which has to make it false, and its own value back. cmocka.h comes before.
#define BREAKS(type, place, broken, is_valid)                                                      \
    do {                                                                                           \
        type kept_ = (place);                                                                      \
        assert_true(is_valid);                                                                     \
        (place) = (broken);                                                                        \
        if (is_valid) {                                                                            \
            fail_msg("%s = %s is not seen", #place, #broken);                                      \
        }                                                                                          \
        (place) = kept_;                                                                           \
        assert_true(is_valid);                                                                     \
    } while (0)

#endif

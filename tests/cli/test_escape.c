// test_escape: what a terminal would obey is shown and not sent; all else is itself.
#include <string.h>
#include "tests/test.h"

#include <stdio.h>

#include "cli/io/escape.h"

TEST(hostile_characters_are_shown) {
    static const struct {
        const char *from, *to;
    } cases[] = {
        {"plain text 48", "plain text 48"},
        {"\x1b[31m\x07\x7f", "\\x1b[31m\\x07\\x7f"},
        {"a\nb\tc", "a\\x0ab\\x09c"},
        {"\xc2\x9b\xc2\x80\xc2\x9f", "\\u{9b}\\u{80}\\u{9f}"},
        {"\xc2\xa0\xc3\xa9", "\xc2\xa0\xc3\xa9"}, // no-break space, e acute
        {"\xe2\x80\xae\xe2\x80\xaa", "\\u{202e}\\u{202a}"},
        {"\xe2\x80\xa9\xe2\x80\xaf", "\xe2\x80\xa9\xe2\x80\xaf"}, // U+2029, U+202F: beside them
        {"\xe2\x81\xa6\xe2\x81\xa9", "\\u{2066}\\u{2069}"},
        {"\xe2\x81\xa5\xe2\x81\xaa", "\xe2\x81\xa5\xe2\x81\xaa"}, // U+2065, U+206A
        {"\xe2\x80\x8e\xe2\x80\x8f", "\\u{200e}\\u{200f}"},
        {"\xff\xc2", "\\xff\\xc2"},                            // no UTF-8, and half of it
        {"\xc0\x9b\xed\xa0\x80", "\\xc0\\x9b\\xed\\xa0\\x80"}, // overlong, a surrogate
        {"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[256];
        assert_int_equal(escape_text(text, sizeof text, cases[i].from), strlen(cases[i].to));
        assert_string_equal(text, cases[i].to);
        assert_string_equal(escape_shown(cases[i].from), cases[i].to);
    }
}

TEST(no_room_cuts_between_characters) {
    char text[6];
    (void)state;
    assert_int_equal(escape_text(text, sizeof text, "ab\x1b"), 2);
    assert_string_equal(text, "ab");
    assert_int_equal(escape_text(text, sizeof text, "a\x1b"), 5);
    assert_string_equal(text, "a\\x1b");
}

TEST(a_width_counts_what_is_shown) {
    char text[64] = "";
    (void)state;
    FILE *file = tmpfile();
    assert_non_null(file);
    assert_int_equal(escape_print("\xc3\xa9\x1bxy", 6, file), 6);
    rewind(file);
    text[fread(text, 1, sizeof text - 1, file)] = 0;
    assert_string_equal(text, "\xc3\xa9\\x1bx");
    (void)fclose(file);
}

TEST(a_word_can_be_pasted) {
    static const struct {
        const char *from, *to;
    } cases[] = {
        {"./mine-1.so", "./mine-1.so"},
        {"", "''"},
        {"a b", "'a b'"},
        {"$(id)`;\\", "'$(id)`;\\'"},
        {"it's", "'it'\\''s'"},
        {"\xc3\xa9", "'\xc3\xa9'"},
        {"a\x1b[m'\\", "$'a\\033[m\\047\\134'"},
        {"\xe2\x80\xae", "$'\\342\\200\\256'"},
        {"\xff", "$'\\377'"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[64] = "";
        FILE *file = tmpfile();
        assert_non_null(file);
        escape_print_word(cases[i].from, file);
        rewind(file);
        text[fread(text, 1, sizeof text - 1, file)] = 0;
        assert_string_equal(text, cases[i].to);
        (void)fclose(file);
    }
}

TEST(json_stays_json) {
    char text[128];
    (void)state;
    FILE *file = tmpfile();
    assert_non_null(file);
    escape_print_json("a\"\\\n\xff\xc2\x9b\xe2\x80\xae\xc3\xa9", 12, file);
    rewind(file);
    text[fread(text, 1, sizeof text - 1, file)] = 0;
    assert_string_equal(text, "\"a\\\"\\\\\\u000a\\ufffd\\u009b\\u202e\xc3\xa9\"");
    (void)fclose(file);
}

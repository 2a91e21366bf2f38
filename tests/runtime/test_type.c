// test_type: types and itabs are copied, kept in order, and not made by halves.
#include "tests/runtime/program.h"
#include "tests/test.h"

#include <string.h>

TEST_FIXTURE(program_setup, program_teardown)

TEST(a_type_is_a_copy) {
    struct program *program = *state;
    uint8_t mask[1] = {0x05};
    char name[] = "node";
    char path[] = "example.com/tree";
    struct type description = {.layout = {24, 24, mask},
                               .hash = 17,
                               .direct_interface = true,
                               .package_path = path,
                               .name = name};
    const struct type *type = runtime_define_type(program->runtime, &description);
    assert_non_null(type);
    mask[0] = 0;
    name[0] = 'X';
    path[0] = 'X';
    assert_string_equal(type->name, "node");
    assert_string_equal(type->package_path, "example.com/tree");
    assert_int_equal(type->layout.pointer_mask[0], 0x05);
    assert_int_equal(type->layout.size_bytes, 24);
    assert_int_equal(type->hash, 17);
    assert_true(type->direct_interface);
}

TEST(a_type_without_pointers_and_names_has_empty_names) {
    struct program *program = *state;
    struct type description = {.layout = {10, 0, NULL}};
    const struct type *type = runtime_define_type(program->runtime, &description);
    assert_string_equal(type->name, "");
    assert_string_equal(type->package_path, "");
    assert_null(type->layout.pointer_mask);
}

TEST(types_and_itabs_are_listed_in_order_of_definition) {
    struct program *program = *state;
    const struct type *types[5];
    const struct itab *itabs[5];
    for (size_t i = 0; i < 5; i++) {
        struct type description = {.layout = program_node, .name = "t", .hash = (uint32_t)i};
        types[i] = runtime_define_type(program->runtime, &description);
        itabs[i] = runtime_define_itab(program->runtime, types[i], i == 3);
    }
    const struct type *type = runtime_first_type(program->runtime);
    const struct itab *itab = runtime_first_itab(program->runtime);
    for (size_t i = 0; i < 5; i++) {
        assert_ptr_equal(type, types[i]);
        assert_ptr_equal(itab, itabs[i]);
        assert_ptr_equal(itab->type, type);
        assert_int_equal(itab->negative, i == 3);
        type = type->next;
        itab = itab->next;
    }
    assert_null(type);
    assert_null(itab);
}

static void without_memory_no_type_is_listed_at(struct program *program, size_t shift) {
    program_restart(program);
    program_shift(program, shift);
    struct type description = {.layout = program_node, .name = "t"};
    program_refuse(program, true);
    size_t count = 0;
    while (runtime_define_type(program->runtime, &description) != NULL) {
        assert_true(++count < 100000);
    }
    while (runtime_define_itab(program->runtime, runtime_first_type(program->runtime), false) !=
           NULL) {
        assert_true(++count < 100000);
    }
    program_refuse(program, false);
    for (const struct type *at = runtime_first_type(program->runtime); at != NULL; at = at->next) {
        assert_string_equal(at->name, "t");
        count--;
    }
    for (const struct itab *at = runtime_first_itab(program->runtime); at != NULL; at = at->next) {
        count--;
    }
    assert_int_equal(count + shift, 0);
    assert_non_null(runtime_define_type(program->runtime, &description));
}

TEST(without_memory_no_type_is_listed) {
    for (size_t shift = 0; shift < 8; shift++) {
        without_memory_no_type_is_listed_at(*state, shift);
    }
}

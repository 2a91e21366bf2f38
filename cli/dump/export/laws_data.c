// laws_data: the data of a page, as json-c reads it.

#define REQUIRE_OF "export"
#include "cli/dump/export/laws.h"
#include "fuzz/targets/require.h"

#include <json-c/json.h>

#define PARENT      4 // places in an object's row
#define TEXTS_BEGIN 5 // type, site, root
#define TEXTS_END   8

static size_t length_of(struct json_object *data, const char *key) {
    struct json_object *list = json_object_object_get(data, key);
    REQUIRE(json_object_is_type(list, json_type_array));
    return json_object_array_length(list);
}

static void require_data(struct json_object *data, size_t object_count) {
    size_t text_count = length_of(data, "texts");
    REQUIRE(length_of(data, "objects") == object_count);
    REQUIRE(length_of(data, "paths") == object_count);
    for (size_t i = 0; i < object_count; i++) {
        struct json_object *row =
            json_object_array_get_idx(json_object_object_get(data, "objects"), i);
        for (size_t n = TEXTS_BEGIN; n < TEXTS_END; n++) {
            int64_t text = json_object_get_int64(json_object_array_get_idx(row, n));
            REQUIRE(text >= -1 && text < (int64_t)text_count);
        }
        int64_t parent = json_object_get_int64(json_object_array_get_idx(row, PARENT));
        REQUIRE(parent >= -1 && parent < (int64_t)i); // whoever retains more stands before
    }
}

void export_laws_of_data(const char *data, size_t size_bytes, size_t object_count) {
    struct json_tokener *tokener = json_tokener_new();
    REQUIRE(tokener != NULL);
    struct json_object *parsed = json_tokener_parse_ex(tokener, data, (int)size_bytes);
    REQUIRE(parsed != NULL && json_tokener_get_parse_end(tokener) == size_bytes);
    require_data(parsed, object_count);
    (void)json_object_put(parsed);
    json_tokener_free(tokener);
}

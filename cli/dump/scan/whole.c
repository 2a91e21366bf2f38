// whole: a record in one part is not copied.

#include "cli/dump/scan/whole.h"

#include "cli/io/array.h"

#include <stdlib.h>
#include <string.h>

bool whole_of(const struct dump_record *record, const struct dump_memory **memory,
              const struct dump_fields **fields) {
#define WHOLE(name)                                                                                \
    if (record->tag == DUMP_TAG_##name) {                                                          \
        *memory = &record->as.name.contents;                                                       \
        *fields = &record->as.name.fields;                                                         \
        return true;                                                                               \
    }
    WHOLE(Object)
    WHOLE(StackFrame)
    WHOLE(Data)
    WHOLE(BSS)
#undef WHOLE
    return false;
}

const uint8_t *whole_take(struct whole *whole, const struct dump_record *record,
                          const struct dump_memory *memory) {
    if (record->is_first && record->is_last) {
        return memory->bytes;
    }
    size_t end = (size_t)memory->begin_bytes + (size_t)memory->size_bytes;
    if (memory->size_bytes > 0) {
        if (!ARRAY_RESERVE(whole->bytes, whole->capacity, end)) {
            whole->is_out_of_memory = true;
        } else {
            memcpy(whole->bytes + memory->begin_bytes, memory->bytes, (size_t)memory->size_bytes);
        }
    }
    return whole->is_out_of_memory ? NULL : whole->bytes;
}

void whole_fini(struct whole *whole) {
    free(whole->bytes);
    *whole = (struct whole){.bytes = NULL};
}

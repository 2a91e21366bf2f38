// vast: the size before the contents of a vast object, and the records behind the last one.
#include "fuzz/go/vast.h"

#include "dump/reader.h"
#include "fuzz/go/state.h"
#include "oracle/core/harness_memory.h"
#include "oracle/go/rules.h"

#include <string.h>

#define VARINT_BYTES_MAX 10
#define HEADER_BYTES     16 // of a dump

static bool find_vast(const struct go_machine *machine, uintptr_t address,
                      struct model_object *object) {
    return model_find_object(machine->model, address, object) &&
           object->size_bytes > GO_TOUCHED_MAX;
}

bool vast_holds(const struct go_machine *machine, uintptr_t address) {
    struct model_object object;
    return find_vast(machine, address, &object);
}

// The number that the bytes end with: what comes before it has no bit that says "more follows".
static uint64_t number_before(const uint8_t *bytes, size_t size_bytes) {
    size_t first = size_bytes;
    while (first > 0 && size_bytes - first < VARINT_BYTES_MAX &&
           (first == size_bytes || (bytes[first - 1] & 0x80) != 0)) {
        first--;
    }
    uint64_t value = 0;
    for (size_t i = size_bytes; i-- > first;) {
        value = value << 7 | (bytes[i] & 0x7f);
    }
    return value;
}

void vast_begins(struct go_machine *machine, struct dump_buffer *dump, uintptr_t address) {
    struct model_object object;
    if (find_vast(machine, address, &object) && address == object.base) {
        uint64_t in_dump = number_before(dump->bytes, dump->size_bytes);
        (void)oracle_rule(machine->oracle, RULE_DUMP_OBJECT_SIZE, in_dump == object.element_bytes,
                          "size", "dump", in_dump, "model", object.element_bytes);
    }
    dump->size_bytes = 0;
}

static bool compare_memstats(struct go_machine *machine,
                             const struct dump_record_MemStats *in_dump) {
    const struct memstats *stats = go_stats(machine);
    bool clean = true;
#define MEMSTATS_FIELD(name, unit, meaning, truths)                                                \
    clean = oracle_rule(machine->oracle, RULE_DUMP_MEMSTATS, in_dump->name == stats->name, #name,  \
                        "dump", in_dump->name, "fast account", stats->name) &&                     \
            clean;
#include "allocator/memstats_fields.def"
    return clean;
}

// The object has no pointers: its list of fields is one byte, 0. A dump's header in front of the
// records makes them readable; what came before them is missing, which lenient reading forgives.
bool vast_compare_end(struct go_machine *machine, const struct dump_buffer *dump) {
    static const uint8_t header[HEADER_BYTES] = DUMP_HEADER;
    if (dump->size_bytes == 0) {
        return oracle_rule_text(machine->oracle, RULE_DUMP_DECODE, false, 0,
                                "nothing follows an object's contents");
    }
    uint8_t *bytes = harness_alloc(HEADER_BYTES + dump->size_bytes);
    if (bytes == NULL) {
        return true;
    }
    memcpy(bytes, header, sizeof header);
    memcpy(bytes + HEADER_BYTES, dump->bytes + 1, dump->size_bytes - 1);
    struct dump_reader *reader =
        dump_reader_create_memory(bytes, HEADER_BYTES + dump->size_bytes - 1, DUMP_LENIENT);
    bool has_memstats = reader == NULL;
    bool clean = true;
    const struct dump_record *record;
    while (reader != NULL && (record = dump_reader_next(reader)) != NULL) {
        if (record->tag == DUMP_TAG_MemStats) {
            has_memstats = true;
            clean = compare_memstats(machine, &record->as.MemStats);
        }
    }
    dump_reader_destroy(reader);
    harness_free(bytes);
    return oracle_rule_text(machine->oracle, RULE_DUMP_DECODE, has_memstats, 0,
                            "no MemStats follow a vast object") &&
           clean;
}

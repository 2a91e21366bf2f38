// params: what the dump begins with: its parameters, the types that itabs name, itabs, other
// roots.
#include "dump/write/parts.h"

#include "allocator/visit.h"

#define POINTER_BYTES 8

// The machine's name is a constant, not the machine's: the same operations give the same dump bytes
// everywhere, and the readers of Go's dumps take from it only the pointers' layout, which is
// amd64's on every 64-bit little-endian machine.
#define ARCHITECTURE "amd64"
_Static_assert(sizeof(uintptr_t) == POINTER_BYTES, "dumps are of 64-bit programs");
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "dumps are of little-endian programs"
#endif

void writer_put_params(struct out *out, const struct runtime *runtime) {
    const struct runtime_options *options = runtime_options(runtime);
    uintptr_t arena_start, arena_end;
    heap_arena_bounds(runtime_heap(runtime), &arena_start, &arena_end);
    write_Params(out, &(struct writer_Params){
                          .big_endian = false,
                          .pointer_size = POINTER_BYTES,
                          .arena_start = arena_start,
                          .arena_end = arena_end,
                          .arch = {.name = ARCHITECTURE},
                          .version = {.name = options->go_version},
                          .cpus = options->cpu_count,
                      });
}

// ---- types: those written not long ago, most recent first in each row. A type that falls out of
// its row is written again when it comes back, as in Go's dumps: readers go by the address.

#define TYPE_ROWS       256
#define TYPE_ROW_LENGTH 4

struct type_cache {
    const struct type *rows[TYPE_ROWS][TYPE_ROW_LENGTH];
};

// Puts `type` in front of its row. True: it was there already.
static bool type_cache_touch(struct type_cache *cache, const struct type *type) {
    const struct type **row = cache->rows[type->hash % TYPE_ROWS];
    size_t at = 0;
    while (at < TYPE_ROW_LENGTH && row[at] != type) {
        at++;
    }
    bool found = at < TYPE_ROW_LENGTH;
    for (size_t i = found ? at : TYPE_ROW_LENGTH - 1; i > 0; i--) {
        row[i] = row[i - 1];
    }
    row[0] = type;
    return found;
}

static void put_type(struct out *out, struct type_cache *cache, const struct type *type) {
    if (type == NULL || type_cache_touch(cache, type)) {
        return;
    }
    write_Type(out, &(struct writer_Type){
                        .address = (uintptr_t)type,
                        .size = type->layout.size_bytes,
                        .name = {.package = type->package_path, .name = type->name},
                        .indirect = !type->direct_interface || type->layout.pointer_bytes != 0,
                    });
}

void writer_put_itabs(struct out *out, const struct runtime *runtime) {
    struct type_cache cache = {0};
    for (const struct itab *itab = runtime_first_itab(runtime); itab != NULL; itab = itab->next) {
        put_type(out, &cache, itab->type);
        write_Itab(out, &(struct writer_Itab){
                            .address = (uintptr_t)itab,
                            .type = (uintptr_t)itab->type,
                        });
    }
}

// Go's own dumper has the record and writes none.
void writer_put_other_roots(struct out *out, const struct runtime *runtime) {
    const struct other_root *root = runtime_first_other_root(runtime);
    for (; root != NULL; root = root->next) {
        write_OtherRoot(out, &(struct writer_OtherRoot){
                                 .description = {.name = root->description},
                                 .target = root->target,
                             });
    }
}

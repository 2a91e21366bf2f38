// largest: the largest object of a heap dump on stdin: how a program of your own uses the installed
// reader.
//
// cc largest.c $(pkg-config --cflags --libs countercheck-dump) -o largest && ./largest <DUMP
#include <dump/reader.h>

#include <inttypes.h>
#include <stdio.h>

int main(void) {
    struct dump_reader *reader = dump_reader_create_descriptor(0, DUMP_STRICT);
    if (reader == NULL) {
        (void)fputs("largest: out of memory\n", stderr);
        return 3;
    }
    uint64_t address = 0;
    uint64_t size_bytes = 0;
    uint64_t count = 0;
    const struct dump_record *record;
    while ((record = dump_reader_next(reader)) != NULL) {
        if (record->tag == DUMP_TAG_Object && record->is_last) {
            const struct dump_record_Object *object = &record->as.Object;
            count++;
            if (object->contents.total_bytes > size_bytes) {
                address = object->address;
                size_bytes = object->contents.total_bytes;
            }
        }
    }
    const struct dump_error *error = dump_reader_error(reader);
    int status = error->kind == DUMP_ERROR_NONE ? 0 : 2;
    if (status == 0) {
        (void)printf("0x%" PRIx64 ": %" PRIu64 " bytes, the largest of %" PRIu64 " objects\n",
                     address, size_bytes, count);
    } else {
        char text[200];
        (void)fprintf(stderr, "largest: %s\n", dump_error_text(error, text, sizeof text));
    }
    dump_reader_destroy(reader);
    return status;
}

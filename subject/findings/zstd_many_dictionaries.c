// zstd_many_dictionaries: the table of referenced dictionaries is missing in a context's size.
//
// cc zstd_many_dictionaries.c -lzstd
// Debian: libzstd-dev 1.5.4
// Status 1: the defect shows.
#define ZSTD_STATIC_LINKING_ONLY
#include <stdio.h>
#include <stdlib.h>
#include <zstd.h>

static size_t taken; // no object of a context is freed here

static void *take(void *context, size_t bytes) {
    (void)context;
    taken += bytes;
    return malloc(bytes);
}

static void give(void *context, void *object) {
    (void)context;
    free(object);
}

int main(void) {
    static const char text[4000] = "a dictionary";
    ZSTD_customMem memory = {take, give, NULL};
    ZSTD_DCtx *context = ZSTD_createDCtx_advanced(memory);
    ZSTD_DDict *dictionary = ZSTD_createDDict(text, sizeof text);
    size_t before = ZSTD_sizeof_DCtx(context) - taken;
    ZSTD_DCtx_setParameter(context, ZSTD_d_refMultipleDDicts, ZSTD_rmd_refMultipleDDicts);
    ZSTD_DCtx_refDDict(context, dictionary);
    size_t size = ZSTD_sizeof_DCtx(context);
    printf("the context took %zu bytes and says %zu\n", taken, size);
    ZSTD_freeDCtx(context);
    ZSTD_freeDDict(dictionary);
    return before == 0 && size != taken;
}

// mbedtls_buffer_blocks: the first block is not counted, and a peak begins again at 0.
//
// cc -I port -I TF/include -I TF/drivers/builtin/src mbedtls_buffer_blocks.c
//    TF/drivers/builtin/src/memory_buffer_alloc.c
// TF is TF-PSA-Crypto, configured with MBEDTLS_MEMORY_BUFFER_ALLOC_C, MBEDTLS_MEMORY_DEBUG and
// MBEDTLS_PLATFORM_MEMORY; Mbed TLS 3 and 2 have the same file in library/.
// Source: TF-PSA-Crypto 609a706
// Status 1: the defect shows.
#include <mbedtls/memory_buffer_alloc.h>
#include <mbedtls/platform.h>
#include <stddef.h>
#include <stdio.h>

static unsigned char memory[1024] __attribute__((aligned(16)));

int main(void) {
    size_t used;
    size_t blocks;
    size_t most_used;
    size_t most_blocks;
    mbedtls_memory_buffer_alloc_init(memory, sizeof memory);
    void *object = mbedtls_calloc(1, 900); // nearly all: the block is not split
    mbedtls_memory_buffer_alloc_cur_get(&used, &blocks);
    mbedtls_memory_buffer_alloc_max_reset();
    mbedtls_memory_buffer_alloc_max_get(&most_used, &most_blocks);
    printf("one object (%d): %zu bytes in %zu blocks; peaks after the reset: %zu bytes\n",
           object != NULL, used, blocks, most_used);
    return blocks != 1 || most_used < used;
}

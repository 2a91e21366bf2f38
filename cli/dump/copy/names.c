// names: HMAC-SHA-256 by nettle, where it was there when this was built.

#include "cli/dump/copy/names.h"

#include "cli/io/cli.h"

#include <stdlib.h>
#include <string.h>

#if COUNTERCHECK_HAS_NETTLE
#include <nettle/hmac.h>
#endif

#define DIGITS 16

struct names {
#if COUNTERCHECK_HAS_NETTLE
    struct hmac_sha256_ctx hmac;
#endif
    char digits[2 * DUMP_PART_CALLS_MAX][DIGITS];
    size_t used;
};

struct names *names_create(const char *key, int *status) {
    *status = CLI_UNUSABLE;
    if (!COUNTERCHECK_HAS_NETTLE) {
        cli_message("dump redact: --names needs nettle (apt-get install nettle-dev), which was not "
                    "there when this was built");
        *status = CLI_ENVIRONMENT;
        return NULL;
    }
    if (key[0] == 0) {
        cli_message("dump redact: --names takes a key, not ''");
        return NULL;
    }
    struct names *names = calloc(1, sizeof *names);
    if (names == NULL) {
        cli_message("dump redact: out of memory");
        *status = CLI_ENVIRONMENT;
        return NULL;
    }
#if COUNTERCHECK_HAS_NETTLE
    hmac_sha256_set_key(&names->hmac, strlen(key), (const uint8_t *)key);
#endif
    return names;
}

void names_destroy(struct names *names) {
    free(names);
}

static void hash(struct names *names, const struct dump_string *text, char *digits) {
    uint8_t bytes[DIGITS / 2] = {0};
#if COUNTERCHECK_HAS_NETTLE
    hmac_sha256_update(&names->hmac, (size_t)text->size_bytes, text->bytes);
    hmac_sha256_digest(&names->hmac, sizeof bytes, bytes); // and begins anew with the key
#else
    (void)names;
    (void)text;
#endif
    for (size_t i = 0; i < DIGITS; i++) {
        unsigned half = i % 2 == 0 ? bytes[i / 2] >> 4 : bytes[i / 2] & 15u;
        digits[i] = "0123456789abcdef"[half];
    }
}

void names_hide(struct names *names, struct dump_string *text) {
    if (names != NULL && text->size_bytes > 0) {
        char *digits = names->digits[names->used++];
        hash(names, text, digits);
        *text = (struct dump_string){(const uint8_t *)digits, DIGITS};
    }
}

void names_forget(struct names *names) {
    if (names != NULL) {
        names->used = 0;
    }
}

size_t names_keep(struct names *names, const struct dump_string *text, char *to) {
    if (names != NULL && text->size_bytes > 0) {
        hash(names, text, to);
        return DIGITS;
    }
    size_t size_bytes = text->size_bytes < NAMES_BYTES ? (size_t)text->size_bytes : NAMES_BYTES;
    if (size_bytes > 0) {
        memcpy(to, text->bytes, size_bytes);
    }
    return size_bytes;
}

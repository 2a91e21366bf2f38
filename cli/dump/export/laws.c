// laws: each is made as its command makes it, and read back by another's reader: the page's data by
// json-c, the profile by zlib and protobuf-c.
//
// Not covered: what the commands print and the files that they write, which tests/cli/hostile.table
// and test_dump_export.sh have; what a lenient reading forgives, since it tells so each time.
#define _GNU_SOURCE // memfd_create

#define REQUIRE_OF "export"
#include "cli/dump/export/laws.h"

#include "cli/dump/dump.h"
#include "cli/dump/export/dot.h"
#include "cli/dump/export/page.h"
#include "cli/dump/export/profiles.h"
#include "cli/dump/graph/holding.h"
#include "cli/io/cli.h"
#include "cli/io/escape.h"
#include "fuzz/targets/require.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#if COUNTERCHECK_HAS_PROFILE
#include <profile.pb-c.h>
#include <zlib.h>
#endif

#define DOT_OBJECTS       50
#define DOT_BYTES_MAX     1000 // of an object with its arrows, texts included
#define PROFILE_BYTES_MAX (16 << 20)
#define PROFILE_RATE      524288

// ---- texts

// That a terminal or a page gets nothing but lines of printable text.
static void require_printable(const char *bytes, size_t size_bytes) {
    char line[64];
    for (size_t i = 0; i < size_bytes;) {
        size_t length = escape_utf8_bytes((const uint8_t *)bytes + i, size_bytes - i);
        REQUIRE(length > 0);
        memcpy(line, bytes + i, length);
        line[length] = 0;
        char shown[64];
        REQUIRE(bytes[i] == '\n' || (escape_text(shown, sizeof shown, line) == length &&
                                     memcmp(shown, line, length) == 0));
        i += length;
    }
}

static size_t count_of(const char *bytes, size_t size_bytes, char wanted) {
    size_t count = 0;
    for (size_t i = 0; i < size_bytes; i++) {
        count += bytes[i] == wanted;
    }
    return count;
}

// ---- the page

static void require_page(const struct kept *kept, const struct explain *explain) {
    struct text text = {.bytes = NULL};
    size_t template_bytes = strlen(page_text);
    size_t mark = (size_t)(strstr(page_text, PAGE_MARK) - page_text);
    size_t behind = template_bytes - mark - strlen(PAGE_MARK);
    REQUIRE(page_write(&text, "a dump", kept, explain));
    REQUIRE(text.used <= PAGE_BYTES_MAX && text.used >= mark + behind);
    REQUIRE(count_of(text.bytes, text.used, '<') == count_of(page_text, template_bytes, '<'));
    size_t data_bytes = text.used - mark - behind;
    require_printable(text.bytes + mark, data_bytes);
    export_laws_of_data(text.bytes + mark, data_bytes, kept->count);
    text_finish(&text); // nothing of it was kept for stdout
}

// ---- the picture

// Whether quotation marks that no backslash is before close on their line.
static void require_quoted(const char *bytes, size_t size_bytes) {
    bool is_quoted = false;
    for (size_t i = 0; i < size_bytes; i++) {
        if (bytes[i] == '\n') {
            REQUIRE(!is_quoted);
        } else if (is_quoted && bytes[i] == '\\') {
            i++;
            REQUIRE(i < size_bytes && strchr("\\\"n", bytes[i]) != NULL);
        } else if (bytes[i] == '"') {
            is_quoted = !is_quoted;
        }
    }
}

static void require_dot(const struct kept *kept, const struct explain *explain) {
    static const char begin[] = "digraph dump {\n";
    struct text text = {.bytes = NULL};
    REQUIRE(dot_write(&text, "a dump", kept, explain));
    REQUIRE(text.used <= (kept->count + 1) * DOT_BYTES_MAX);
    REQUIRE(text.used > sizeof begin && memcmp(text.bytes, begin, sizeof begin - 1) == 0);
    REQUIRE(memcmp(text.bytes + text.used - 2, "}\n", 2) == 0);
    require_printable(text.bytes, text.used);
    require_quoted(text.bytes, text.used);
    text_finish(&text);
}

// ---- the profile

#if COUNTERCHECK_HAS_PROFILE

static Pprof__Profile *unpack(const uint8_t *bytes, size_t size_bytes, uint8_t **plain) {
    z_stream stream = {.next_in = (z_const Bytef *)(uintptr_t)bytes, .avail_in = (uInt)size_bytes};
    *plain = malloc(PROFILE_BYTES_MAX);
    REQUIRE(*plain != NULL && inflateInit2(&stream, 16 + MAX_WBITS) == Z_OK);
    stream.next_out = *plain;
    stream.avail_out = PROFILE_BYTES_MAX;
    REQUIRE(inflate(&stream, Z_FINISH) == Z_STREAM_END);
    size_t plain_bytes = stream.total_out;
    (void)inflateEnd(&stream);
    return pprof__profile__unpack(NULL, plain_bytes, *plain);
}

static void require_message(const Pprof__Profile *message) {
    REQUIRE(message->n_string_table > 0 && message->string_table[0][0] == 0);
    for (size_t i = 0; i < message->n_string_table; i++) {
        require_printable(message->string_table[i], strlen(message->string_table[i]));
    }
    for (size_t i = 0; i < message->n_function; i++) {
        const Pprof__Function *function = message->function[i];
        REQUIRE(function->id == i + 1);
        REQUIRE(function->name >= 0 && (uint64_t)function->name < message->n_string_table);
        REQUIRE(function->filename >= 0 && (uint64_t)function->filename < message->n_string_table);
    }
    for (size_t i = 0; i < message->n_location; i++) {
        REQUIRE(message->location[i]->id == i + 1 && message->location[i]->n_line == 1);
        uint64_t function = message->location[i]->line[0]->function_id;
        REQUIRE(function > 0 && function <= message->n_function);
    }
    for (size_t i = 0; i < message->n_sample; i++) {
        const Pprof__Sample *sample = message->sample[i];
        REQUIRE(sample->n_value == message->n_sample_type);
        for (size_t n = 0; n < sample->n_location_id; n++) {
            REQUIRE(sample->location_id[n] > 0 && sample->location_id[n] <= message->n_location);
        }
        for (size_t n = 0; n < sample->n_value; n++) {
            REQUIRE(sample->value[n] >= 0);
        }
    }
}

// Takes the profile. The sum of the samples' first value, which is of objects.
static uint64_t require_profile(struct profile *profile) {
    size_t size_bytes;
    uint64_t sum = 0;
    uint8_t *plain;
    REQUIRE(profile != NULL);
    uint8_t *bytes = profile_pack(profile, &size_bytes);
    profile_destroy(profile);
    REQUIRE(bytes != NULL && size_bytes <= PROFILE_BYTES_MAX);
    Pprof__Profile *message = unpack(bytes, size_bytes, &plain);
    REQUIRE(message != NULL);
    require_message(message);
    for (size_t i = 0; i < message->n_sample; i++) {
        sum += (uint64_t)message->sample[i]->value[0];
    }
    pprof__profile__free_unpacked(message, NULL);
    free(plain);
    free(bytes);
    return sum;
}

static void require_profiles(const char *path, const struct holding_options *options,
                             uint64_t object_count) {
    int status;
    uint64_t odd_count;
    (void)require_profile(profiles_by_site(path, options, 0, NULL, &odd_count, &status));
    (void)require_profile(profiles_by_site(path, options, PROFILE_RATE, NULL, &odd_count, &status));
    REQUIRE(require_profile(profiles_by_holder(path, options, &status)) == object_count);
}

#else

static void require_profiles(const char *path, const struct holding_options *options,
                             uint64_t object_count) {
    (void)path, (void)options, (void)object_count;
}

#endif

// ---- all of it

static void require_drawn(struct holding *holding, const struct explain *explain) {
    struct kept most = {.count = 0};
    struct kept few = {.count = 0};
    REQUIRE(kept_choose(&most, holding->graph, PAGE_OBJECTS_MAX));
    REQUIRE(kept_choose(&few, holding->graph, DOT_OBJECTS));
    require_page(&most, explain);
    require_dot(&few, explain);
    kept_fini(&most);
    kept_fini(&few);
}

void export_laws(const uint8_t *data, size_t size_bytes) {
    char path[32];
    const struct holding_options options = {.json = false};
    struct holding holding;
    struct explain explain;
    int status;
    int descriptor = memfd_create("dump", MFD_CLOEXEC);
    if (descriptor < 0 || write(descriptor, data, size_bytes) != (ssize_t)size_bytes) {
        REQUIRE(descriptor < 0 || close(descriptor) == 0);
        return; // the system's failure
    }
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", descriptor);
    REQUIRE(holding_open(&holding, "laws", path, &options, &status));
    REQUIRE(explain_read(&explain, &holding) == CLI_CLEAN);
    require_drawn(&holding, &explain);
    require_profiles(path, &options, dump_graph_node_count(holding.graph));
    explain_fini(&explain);
    holding_close(&holding);
    (void)close(descriptor);
}

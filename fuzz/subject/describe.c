// describe: asks once, and keeps copies in one block of memory, since the answers die with the
// allocator.
#include "fuzz/subject/describe.h"

#include "fuzz/subject/host.h"
#include "fuzz/subject/probe.h"
#include "oracle/core/harness_memory.h"

#include <stdio.h>
#include <string.h>

#define TEXT_BYTES_MAX ((size_t)1 << 20) // of relations

// Room is measured first, with `to` NULL, and filled then by the same steps.
struct room {
    char *to;
    size_t used_bytes;
};

static void *place(struct room *room, const void *what, size_t size_bytes) {
    size_t at = room->used_bytes;
    room->used_bytes = at + (size_bytes + 15) / 16 * 16;
    if (room->to == NULL) {
        return NULL;
    }
    memcpy(room->to + at, what, size_bytes);
    return room->to + at;
}

static const char *place_text(struct room *room, const char *text) {
    return text == NULL ? NULL : place(room, text, strlen(text) + 1);
}

static void place_all(struct room *room, const struct countercheck_description *description,
                      size_t count, struct countercheck_subject *table) {
    const struct countercheck_statistic *given = description->statistics;
    struct countercheck_statistic *kept =
        given == NULL ? NULL : place(room, given, (count + 1) * sizeof *given);
    for (size_t i = 0; i < count; i++) {
        struct countercheck_statistic one = given[i];
        one.name = place_text(room, one.name);
        one.of = place_text(room, one.of);
        one.unit = place_text(room, one.unit);
        if (kept != NULL) {
            kept[i] = one;
        }
    }
    const char *version = place_text(room, description->version);
    const char *relations = place_text(room, description->relations);
    if (room->to != NULL) {
        table->statistics = given == NULL ? table->statistics : kept;
        table->version = version == NULL ? table->version : version;
        table->relations = relations == NULL ? table->relations : relations;
    }
}

static enum subject_status keep(struct subject *subject,
                                const struct countercheck_description *description, char *message) {
    struct room room = {.to = NULL};
    size_t count = 0;
    while (description->statistics != NULL && description->statistics[count].name != NULL) {
        if (++count > SUBJECT_VALUES_MAX) {
            (void)snprintf(message, SUBJECT_MESSAGE_BYTES,
                           "describe() gives more than %d statistics, or no end of them",
                           SUBJECT_VALUES_MAX);
            return SUBJECT_UNUSABLE;
        }
    }
    if (description->relations != NULL && strlen(description->relations) > TEXT_BYTES_MAX) {
        (void)snprintf(message, SUBJECT_MESSAGE_BYTES, "describe() gives relations of over 1 MiB");
        return SUBJECT_UNUSABLE;
    }
    place_all(&room, description, count, &subject->table);
    room.to = subject->described = harness_alloc(room.used_bytes + 1);
    if (room.to == NULL) {
        (void)snprintf(message, SUBJECT_MESSAGE_BYTES, "out of memory");
        return SUBJECT_ENVIRONMENT;
    }
    room.used_bytes = 0;
    place_all(&room, description, count, &subject->table);
    return SUBJECT_OPEN;
}

static enum subject_status ask(struct subject *subject, struct host *host, char *message) {
    const struct countercheck_subject *table = &subject->table;
    struct countercheck_description description = {.struct_size_bytes = sizeof description};
    void *self = NULL;
    host_begin(host, NULL);
    if (table->create != NULL) {
        probe_calls("create()");
        self = table->create(&host->shown);
        if (self == NULL) {
            (void)snprintf(message, SUBJECT_MESSAGE_BYTES, "create() gives NULL");
            return SUBJECT_ENVIRONMENT;
        }
    }
    enum subject_status status = SUBJECT_ENVIRONMENT;
    probe_calls("describe()");
    if (table->describe(self, &description)) {
        status = keep(subject, &description, message);
    } else {
        (void)snprintf(message, SUBJECT_MESSAGE_BYTES, "describe() says that it cannot");
    }
    if (table->destroy != NULL) {
        probe_calls("destroy()");
        table->destroy(self);
    }
    return status;
}

enum subject_status subject_describe(struct subject *subject, char message[SUBJECT_MESSAGE_BYTES]) {
    struct host host = {.mappings = NULL};
    if (subject->table.describe == NULL) {
        return SUBJECT_OPEN;
    }
    if (!host_init(&host, subject->table.arena_bytes)) {
        (void)snprintf(message, SUBJECT_MESSAGE_BYTES, "no memory for its arena");
        return SUBJECT_ENVIRONMENT;
    }
    enum subject_status status = ask(subject, &host, message);
    host_fini(&host);
    return status;
}

void subject_forget(struct subject *subject) {
    harness_free(subject->described);
    subject->described = NULL;
}

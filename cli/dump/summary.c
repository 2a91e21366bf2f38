// summary: one pass over the records, counting.

#include "cli/io/cli.h"
#include "cli/dump/dump.h"
#include "cli/dump/summary.h"
#include "oracle/core/hash.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void copy_text(char *to, size_t size_bytes, const struct dump_string *from) {
    size_t kept = from->size_bytes < size_bytes ? (size_t)from->size_bytes : size_bytes - 1;
    memcpy(to, from->bytes, kept);
    to[kept] = '\0';
}

static void add_object(struct dump_summary *summary, uint64_t size_bytes) {
    summary->object_bytes += size_bytes;
    if (summary->size_row == NULL || summary->size_row_bytes != size_bytes) {
        char label[32];
        snprintf(label, sizeof(label), "%" PRIu64, size_bytes);
        uint64_t hash = hash_bytes(HASH_START, &size_bytes, sizeof(size_bytes));
        summary->size_row = tally_row(&summary->sizes, hash, label);
        summary->size_row_bytes = size_bytes;
    }
    summary->size_row->count++;
    summary->size_row->bytes += size_bytes;
}

static void add_goroutine(struct dump_summary *summary,
                          const struct dump_record_Goroutine *record) {
    char state[TALLY_LABEL_BYTES - 16];
    char label[TALLY_LABEL_BYTES];
    dump_goroutine_state(state, sizeof(state), record->status, &record->wait_reason);
    snprintf(label, sizeof(label), "%s%s", state, record->is_system ? " (system)" : "");
    tally_row(&summary->goroutines, hash_bytes(HASH_START, label, strlen(label)), label)->count++;
}

// The end of a path, which tells more than its beginning.
static struct dump_string base_name(struct dump_string path) {
    for (uint64_t i = path.size_bytes; i > 0; i--) {
        if (path.bytes[i - 1] == '/') {
            return (struct dump_string){.bytes = path.bytes + i, .size_bytes = path.size_bytes - i};
        }
    }
    return path;
}

static uint64_t hash_call(uint64_t hash, const struct dump_call *call) {
    hash = hash_bytes(hash, call->function.bytes, (size_t)call->function.size_bytes);
    hash = hash_bytes(hash, "", 1);
    hash = hash_bytes(hash, call->file.bytes, (size_t)call->file.size_bytes);
    return hash_bytes(hash, &call->line, sizeof(call->line));
}

static void add_calls(struct dump_summary *summary, const struct dump_calls *calls) {
    for (size_t i = 0; i < calls->count; i++) {
        summary->stack_hash = hash_call(summary->stack_hash, &calls->at[i]);
    }
    if (calls->begin == 0 && calls->count > 0) {
        char function[64], file[40];
        struct dump_string base = base_name(calls->at[0].file);
        copy_text(function, sizeof(function), &calls->at[0].function);
        copy_text(file, sizeof(file), &base);
        snprintf(summary->leaf, sizeof(summary->leaf), "%s %s:%" PRIu64, function, file,
                 calls->at[0].line);
    }
}

static void add_bucket(struct dump_summary *summary, const struct dump_record *record) {
    const struct dump_record_MemProf *bucket = &record->as.MemProf;
    if (record->is_first) {
        summary->stack_hash = hash_bytes(HASH_START, &bucket->size, sizeof(bucket->size));
        snprintf(summary->leaf, sizeof(summary->leaf), "(no stack)");
    }
    add_calls(summary, &bucket->stack);
    if (record->is_last) {
        struct tally_row *row = tally_row(&summary->sites, summary->stack_hash, summary->leaf);
        uint64_t in_use = bucket->allocs > bucket->frees ? bucket->allocs - bucket->frees : 0;
        row->count += in_use;
        row->bytes += in_use * bucket->size;
    }
}

static void add_params(struct dump_summary *summary, const struct dump_record_Params *params) {
    if (params->arch.size_bytes > 0) { // in this part
        copy_text(summary->arch, sizeof(summary->arch), &params->arch);
    }
    if (params->version.size_bytes > 0) {
        copy_text(summary->version, sizeof(summary->version), &params->version);
    }
    summary->params = *params;
    summary->params.arch = (struct dump_string){.size_bytes = 0};
    summary->params.version = (struct dump_string){.size_bytes = 0};
}

// What came with the last part of a record.
static void add_whole(struct dump_summary *summary, const struct dump_record *record) {
    summary->records[record->tag]++;
    if (record->tag == DUMP_TAG_Object) {
        add_object(summary, record->as.Object.contents.total_bytes);
    } else if (record->tag == DUMP_TAG_Goroutine) {
        add_goroutine(summary, &record->as.Goroutine);
    } else if (record->tag == DUMP_TAG_MemStats) {
        summary->memstats = record->as.MemStats;
        summary->has_memstats = true;
    }
}

static bool visit(void *context, const struct dump_record *record,
                  const struct dump_reader *reader) {
    struct dump_summary *summary = context;
    if (record->tag == DUMP_TAG_MemProf) {
        add_bucket(summary, record);
    } else if (record->tag == DUMP_TAG_Params) {
        add_params(summary, &record->as.Params);
    }
    if (record->is_last) {
        add_whole(summary, record);
    }
    if (record->is_last) {
        summary->bytes = dump_reader_offset(reader);
    }
    if (record->tag == DUMP_TAG_EOF) {
        for (size_t i = 0; i < DUMP_FORGIVEN_COUNT; i++) {
            summary->forgiven[i] = dump_reader_forgiven(reader, (enum dump_forgiven)i);
        }
    }
    return true;
}

void dump_summary_take(struct dump_summary *summary, struct dump_input *input) {
    *summary = (struct dump_summary){.bytes = 0};
    dump_input_each_quietly(input, visit, summary);
}

int dump_summary_status(const struct dump_summary *summary, const struct dump_input *input,
                        const char *path) {
    bool is_out_of_memory = summary->sizes.is_out_of_memory ||
                            summary->goroutines.is_out_of_memory || summary->sites.is_out_of_memory;
    int status = dump_input_status(input);
    if (status == CLI_CLEAN && is_out_of_memory) {
        cli_message("%s: out of memory", path);
        return CLI_ENVIRONMENT;
    }
    return status;
}

int dump_summary_read(struct dump_summary *summary, const char *path, enum dump_mode mode) {
    int status = CLI_CLEAN;
    *summary = (struct dump_summary){.bytes = 0};
    struct dump_input *input = dump_input_open(path, mode, &status);
    if (input != NULL) {
        dump_summary_take(summary, input);
        status = dump_summary_status(summary, input, path);
        dump_input_close(input);
    }
    return status;
}

void dump_summary_fini(struct dump_summary *summary) {
    tally_fini(&summary->sizes);
    tally_fini(&summary->goroutines);
    tally_fini(&summary->sites);
}

void dump_memstats_each(const struct dump_record_MemStats *memstats,
                        void (*each)(void *context, const char *name, uint64_t value),
                        void *context) {
#define U(name) each(context, #name, memstats->name);
#define N(name)
    DUMP_MEMSTATS_FIELDS
#undef U
#undef N
}

// unpack: the three decompressors behind one read, each a step from the input buffer to the
// caller's bytes.

#include "cli/dump/unpack.h"

#include <errno.h>
#include <lzma.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#define INPUT_BYTES      (64u << 10)
#define WINDOW_BYTES_MAX (128u << 20)
#define WINDOW_LOG_MAX   27 // 128 MiB

enum format { UNKNOWN, PLAIN, GZIP, XZ, ZSTD };

struct unpack {
    int descriptor;
    enum format format;
    const char *fault;
    uint64_t offset_bytes; // that were read from the descriptor
    size_t at, end;        // of the buffer
    bool at_end;           // the descriptor has no more
    bool is_whole;         // the last frame has ended
    bool is_another;       // the frame that is read follows one that has ended
    uint64_t frame_offset; // where it began
    z_stream gzip;
    lzma_stream xz;
    ZSTD_DStream *zstd;
    uint8_t buffer[INPUT_BYTES];
};

struct span {
    uint8_t *bytes;
    size_t size_bytes, used_bytes;
};

struct unpack *unpack_create(int descriptor) {
    struct unpack *unpack = calloc(1, sizeof(*unpack));
    if (unpack != NULL) {
        unpack->descriptor = descriptor;
        unpack->xz = (lzma_stream)LZMA_STREAM_INIT;
    }
    return unpack;
}

void unpack_destroy(struct unpack *unpack) {
    if (unpack == NULL) {
        return;
    }
    if (unpack->format == GZIP) {
        inflateEnd(&unpack->gzip);
    }
    lzma_end(&unpack->xz);
    ZSTD_freeDStream(unpack->zstd);
    free(unpack);
}

static int64_t read_some(struct unpack *unpack, void *bytes, size_t size_bytes) {
    ssize_t got;
    do {
        got = read(unpack->descriptor, bytes, size_bytes);
    } while (got < 0 && errno == EINTR);
    if (got < 0) {
        return -errno;
    }
    unpack->offset_bytes += (uint64_t)got;
    unpack->at_end = got == 0;
    return got;
}

// Reads behind what the buffer holds. 0, or -errno.
static int refill(struct unpack *unpack) {
    if (unpack->at == unpack->end) {
        unpack->at = 0;
        unpack->end = 0;
    }
    int64_t got = read_some(unpack, unpack->buffer + unpack->end, INPUT_BYTES - unpack->end);
    if (got < 0) {
        return (int)got;
    }
    unpack->end += (size_t)got;
    return 0;
}

static bool begins_with(const struct unpack *unpack, const char *magic, size_t size_bytes) {
    return unpack->end >= size_bytes && memcmp(unpack->buffer, magic, size_bytes) == 0;
}

// A frame of zstd that holds something else than data: 0x184d2a50 to 0x184d2a5f.
static bool begins_with_skippable(const struct unpack *unpack) {
    return unpack->end >= 4 && (unpack->buffer[0] & 0xf0) == 0x50 &&
           memcmp(unpack->buffer + 1, "\x2a\x4d\x18", 3) == 0;
}

static bool open_xz(struct unpack *unpack) {
    return lzma_stream_decoder(&unpack->xz, WINDOW_BYTES_MAX, 0) == LZMA_OK;
}

static int start(struct unpack *unpack) {
    while (unpack->end < 6 && !unpack->at_end) {
        int error = refill(unpack);
        if (error != 0) {
            return error;
        }
    }
    unpack->format = PLAIN;
    if (begins_with(unpack, "\x1f\x8b", 2)) {
        bool ok = inflateInit2(&unpack->gzip, 15 + 16) == Z_OK;
        unpack->format = ok ? GZIP : PLAIN;
        return ok ? 0 : -ENOMEM;
    }
    if (begins_with(unpack,
                    "\xfd"
                    "7zXZ",
                    6)) {
        unpack->format = XZ;
        return open_xz(unpack) ? 0 : -ENOMEM;
    }
    if (begins_with(unpack, "\x28\xb5\x2f\xfd", 4) || begins_with_skippable(unpack)) {
        unpack->format = ZSTD;
        unpack->zstd = ZSTD_createDStream();
        if (unpack->zstd == NULL) {
            return -ENOMEM;
        }
        ZSTD_DCtx_setParameter(unpack->zstd, ZSTD_d_windowLogMax, WINDOW_LOG_MAX);
    }
    return 0;
}

static int broken(struct unpack *unpack, const char *fault) {
    unpack->fault = fault;
    return -EBADMSG;
}

static const char *trailing(const struct unpack *unpack) {
    return unpack->format == GZIP ? "bytes after the end of the gzip data"
           : unpack->format == XZ ? "bytes after the end of the xz data"
                                  : "bytes after the end of the zstd data";
}

// After the end of a frame: whether another begins, by its first byte: 1. Zeros are padding, as
// tapes and block devices leave it: 0, and it is passed. Anything else: -1.
static int begin_another(struct unpack *unpack, const char *firsts) {
    while (unpack->at < unpack->end && unpack->buffer[unpack->at] == 0) {
        unpack->at++;
    }
    if (unpack->at == unpack->end) {
        return 0;
    }
    if (strchr(firsts, unpack->buffer[unpack->at]) == NULL) {
        return -1;
    }
    unpack->is_whole = false;
    unpack->is_another = true;
    unpack->frame_offset = unpack_offset(unpack);
    return 1;
}

// Too short for the magic of a frame behind another.
static bool is_no_frame(const struct unpack *unpack) {
    return unpack->is_another && unpack_offset(unpack) - unpack->frame_offset < 4;
}

static int step_gzip(struct unpack *unpack, struct span *out) {
    z_stream *stream = &unpack->gzip;
    if (unpack->is_whole) {
        int follows = begin_another(unpack, "\x1f");
        if (follows <= 0) {
            return follows < 0 ? broken(unpack, trailing(unpack)) : 0;
        }
        inflateReset(stream);
    }
    stream->next_in = unpack->buffer + unpack->at;
    stream->avail_in = (uInt)(unpack->end - unpack->at);
    stream->next_out = out->bytes;
    stream->avail_out = (uInt)(out->size_bytes < INPUT_BYTES ? out->size_bytes : INPUT_BYTES);
    uInt room = stream->avail_out;
    int result = inflate(stream, Z_NO_FLUSH);
    unpack->at = unpack->end - stream->avail_in;
    out->used_bytes = room - stream->avail_out;
    unpack->is_whole = result == Z_STREAM_END;
    if (result == Z_MEM_ERROR) {
        return -ENOMEM;
    }
    return result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR
               ? 0
               : broken(unpack, "the gzip data is corrupt");
}

static int step_xz(struct unpack *unpack, struct span *out) {
    lzma_stream *stream = &unpack->xz;
    if (unpack->is_whole) {
        int follows = begin_another(unpack, "\xfd");
        if (follows <= 0) {
            return follows < 0 ? broken(unpack, trailing(unpack)) : 0;
        }
        if (!open_xz(unpack)) {
            return -ENOMEM;
        }
    }
    stream->next_in = unpack->buffer + unpack->at;
    stream->avail_in = unpack->end - unpack->at;
    stream->next_out = out->bytes;
    stream->avail_out = out->size_bytes;
    lzma_ret result = lzma_code(stream, unpack->at_end ? LZMA_FINISH : LZMA_RUN);
    unpack->at = unpack->end - stream->avail_in;
    out->used_bytes = out->size_bytes - stream->avail_out;
    unpack->is_whole = result == LZMA_STREAM_END;
    if (result == LZMA_MEM_ERROR) {
        return -ENOMEM;
    }
    if (result == LZMA_MEMLIMIT_ERROR) {
        return broken(unpack, "the xz data wants more than 128 MiB of memory");
    }
    return result == LZMA_OK || result == LZMA_STREAM_END || result == LZMA_BUF_ERROR
               ? 0
               : broken(unpack, "the xz data is corrupt");
}

static int step_zstd(struct unpack *unpack, struct span *out) {
    if (unpack->is_whole) {
        int follows = begin_another(unpack, "\x28PQRSTUVWXYZ[\\]^_"); // skippable: 0x50 to 0x5f
        if (follows <= 0) {
            return follows < 0 ? broken(unpack, trailing(unpack)) : 0;
        }
    }
    ZSTD_inBuffer in = {.src = unpack->buffer, .size = unpack->end, .pos = unpack->at};
    ZSTD_outBuffer to = {.dst = out->bytes, .size = out->size_bytes, .pos = 0};
    size_t result = ZSTD_decompressStream(unpack->zstd, &to, &in);
    unpack->at = in.pos;
    out->used_bytes = to.pos;
    unpack->is_whole = result == 0;
    if (!ZSTD_isError(result)) {
        return 0;
    }
    ZSTD_ErrorCode code = ZSTD_getErrorCode(result);
    if (code == ZSTD_error_memory_allocation) {
        return -ENOMEM;
    }
    if (code == ZSTD_error_prefix_unknown && unpack->is_another) {
        return broken(unpack, trailing(unpack));
    }
    return broken(unpack, code == ZSTD_error_frameParameter_windowTooLarge
                              ? "the zstd data wants more than 128 MiB of memory"
                              : "the zstd data is corrupt");
}

static int step(struct unpack *unpack, struct span *out) {
    switch (unpack->format) {
    case GZIP:
        return step_gzip(unpack, out);
    case XZ:
        return step_xz(unpack, out);
    case ZSTD:
        return step_zstd(unpack, out);
    case UNKNOWN:
    case PLAIN:
        break;
    }
    return 0;
}

static int64_t read_plain(struct unpack *unpack, void *bytes, size_t size_bytes) {
    size_t kept = unpack->end - unpack->at;
    if (kept == 0) {
        return read_some(unpack, bytes, size_bytes);
    }
    size_t taken = kept < size_bytes ? kept : size_bytes;
    memcpy(bytes, unpack->buffer + unpack->at, taken);
    unpack->at += taken;
    return (int64_t)taken;
}

int64_t unpack_read(void *context, void *bytes, size_t size_bytes) {
    struct unpack *unpack = context;
    int error = unpack->format == UNKNOWN ? start(unpack) : 0;
    if (error == 0 && unpack->format == PLAIN) {
        return read_plain(unpack, bytes, size_bytes);
    }
    struct span out = {.bytes = bytes, .size_bytes = size_bytes};
    while (error == 0) {
        if (unpack->at == unpack->end && !unpack->at_end) {
            error = refill(unpack);
            continue;
        }
        bool is_dry = unpack->at == unpack->end;
        if (is_dry && unpack->is_whole) {
            return 0;
        }
        error = step(unpack, &out);
        if (error == 0 && out.used_bytes > 0) {
            return (int64_t)out.used_bytes;
        }
        if (error == 0 && is_dry && !unpack->is_whole) {
            error = broken(unpack, is_no_frame(unpack) ? trailing(unpack)
                                                       : "the compressed stream is truncated");
        }
    }
    return error;
}

const char *unpack_fault(const struct unpack *unpack) {
    return unpack->fault;
}

uint64_t unpack_offset(const struct unpack *unpack) {
    return unpack->offset_bytes - (unpack->end - unpack->at);
}

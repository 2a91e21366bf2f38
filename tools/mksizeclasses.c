// mksizeclasses: prints allocator/size_classes.def by Go's makeClasses; --check FILE compares
// instead.
//
// A class is added wherever rounding up would waste an eighth; a span is as many pages as keep the
// rest behind its last object below an eighth. After Go's mksizeclasses.go.
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum {
    PAGE_BYTES = 8192,
    ALIGN_MIN = 8,
    SMALL_MAX = 32768,
    LOOKUP_SMALL_MAX = 1024, // below: table by 8 bytes, above: by 128
    LOOKUP_STEP = 128,
    CLASS_MAX = 128,
    TEXT_MAX = 16384,
};

struct size_class {
    unsigned size_bytes;
    unsigned pages;
};

static bool is_power_of_two(unsigned value) {
    return (value & (value - 1)) == 0;
}

static unsigned align_from(unsigned size, unsigned align) {
    if (!is_power_of_two(size)) {
        return align;
    }
    if (size >= 2048) {
        return 256;
    }
    if (size >= 128) {
        return size / 8;
    }
    return size >= 32 ? 16 : align;
}

static unsigned span_bytes(unsigned size) {
    unsigned bytes = PAGE_BYTES;
    while (bytes % size > bytes / 8) {
        bytes += PAGE_BYTES;
    }
    return bytes;
}

// A class may grow as far as its span still holds the same number of objects.
static void widen(struct size_class *class) {
    unsigned bytes = class->pages * PAGE_BYTES;
    unsigned wider = bytes / (bytes / class->size_bytes) & ~(unsigned)(LOOKUP_STEP - 1);
    if (wider > class->size_bytes) {
        class->size_bytes = wider;
    }
}

static unsigned make_classes(struct size_class *classes) {
    unsigned count = 1; // class 0: large objects
    classes[0] = (struct size_class){0, 0};
    unsigned align = ALIGN_MIN;
    for (unsigned size = align; size <= SMALL_MAX; size += align) {
        align = align_from(size, align);
        unsigned bytes = span_bytes(size);
        struct size_class *last = &classes[count - 1];
        if (count > 1 && bytes / PAGE_BYTES == last->pages &&
            bytes / size == bytes / last->size_bytes) {
            last->size_bytes = size; // as many objects in as many pages: one class will do
            continue;
        }
        classes[count++] = (struct size_class){size, bytes / PAGE_BYTES};
    }
    for (unsigned i = 1; i < count; i++) {
        widen(&classes[i]);
    }
    return count;
}

struct text {
    char bytes[TEXT_MAX];
    size_t length;
};

static void put(struct text *text, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text->bytes + text->length, TEXT_MAX - text->length, format, arguments);
    va_end(arguments);
    text->length += (size_t)length;
}

static void put_lookup(struct text *text, const struct size_class *classes, unsigned from,
                       unsigned to, unsigned step) {
    unsigned column = 0;
    for (unsigned size = from; size <= to; size += step, column++) {
        unsigned class = size == 0 ? 0 : 1;
        while (classes[class].size_bytes < size) {
            class ++;
        }
        put(text, column % 16 == 0 ? "    %u," : " %u,", class);
        if (column % 16 == 15 || size + step > to) {
            put(text, "\n");
        }
    }
}

static void put_all(struct text *text) {
    struct size_class classes[CLASS_MAX];
    unsigned count = make_classes(classes);
    put(text, "// size_classes: Go's size classes and the tables that round to them; printed by "
              "tools/mksizeclasses.c.\n\n");
    put(text, "// SIZE_CLASS(class, bytes of an object, pages of a span)\n#ifdef SIZE_CLASS\n");
    for (unsigned i = 0; i < count; i++) {
        put(text, "SIZE_CLASS(%u, %u, %u)\n", i, classes[i].size_bytes, classes[i].pages);
    }
    put(text, "#undef SIZE_CLASS\n#endif\n\n// class of (size + 7) / 8, up to 1024 bytes\n"
              "#ifdef SIZE_CLASS_LOOKUP_8\n");
    put_lookup(text, classes, 0, LOOKUP_SMALL_MAX, ALIGN_MIN);
    put(text, "#undef SIZE_CLASS_LOOKUP_8\n#endif\n\n// class of (size - 1024 + 127) / 128, above\n"
              "#ifdef SIZE_CLASS_LOOKUP_128\n");
    put_lookup(text, classes, LOOKUP_SMALL_MAX, SMALL_MAX, LOOKUP_STEP);
    put(text, "#undef SIZE_CLASS_LOOKUP_128\n#endif\n");
}

static int check(const struct text *text, const char *path) {
    static char kept[TEXT_MAX];
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        fprintf(stderr, "mksizeclasses: %s: cannot be read\n", path);
        return 2;
    }
    size_t length = fread(kept, 1, sizeof kept, file);
    (void)fclose(file);
    if (length != text->length || memcmp(kept, text->bytes, length) != 0) {
        fprintf(stderr, "mksizeclasses: %s: is not what mksizeclasses prints\n", path);
        return 1;
    }
    return 0;
}

int main(int argument_count, char **arguments) {
    static struct text text;
    put_all(&text);
    if (argument_count == 3 && strcmp(arguments[1], "--check") == 0) {
        return check(&text, arguments[2]);
    }
    if (argument_count != 1) {
        fprintf(stderr, "usage: mksizeclasses [--check FILE]\n");
        return 2;
    }
    return fwrite(text.bytes, 1, text.length, stdout) == text.length ? 0 : 3;
}

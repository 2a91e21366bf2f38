// timeline: how much lives over time, in at most 1024 steps of equal length, whatever the time.
#include "cli/trace/timeline.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#define STEP_NS 10000

#define WIDTH  800 // of a panel, in pixels
#define HEIGHT 200
#define LEFT   110
#define TOP    30
#define BELOW  50 // a panel

static uint64_t larger(uint64_t a, uint64_t b) {
    return a > b ? a : b;
}

// Two steps become one.
static void halve(struct timeline *timeline) {
    for (size_t i = 0; i < TIMELINE_STEPS / 2; i++) {
        const struct timeline_step *one = &timeline->steps[2 * i];
        const struct timeline_step *next = &timeline->steps[2 * i + 1];
        bool has_next = 2 * i + 1 < timeline->step_count;
        struct timeline_step both = *one;
        for (size_t k = 0; k < 2 && has_next; k++) {
            both.most[k] = larger(one->most[k], next->most[k]);
            both.last[k] = next->last[k];
        }
        timeline->steps[i] = both;
    }
    timeline->step_count = (timeline->step_count + 1) / 2;
    timeline->step_ns *= 2;
}

void timeline_add(struct timeline *timeline, uint64_t time_ns, uint64_t bytes, uint64_t objects) {
    if (timeline->step_ns == 0) {
        timeline->step_ns = STEP_NS;
    }
    while (time_ns / timeline->step_ns >= TIMELINE_STEPS) {
        halve(timeline);
    }
    size_t step = (size_t)(time_ns / timeline->step_ns);
    while (timeline->step_count <= step) { // nothing has happened meanwhile
        struct timeline_step calm = {0};
        if (timeline->step_count > 0) {
            calm = timeline->steps[timeline->step_count - 1];
            memcpy(calm.most, calm.last, sizeof calm.most);
        }
        timeline->steps[timeline->step_count++] = calm;
    }
    struct timeline_step *now = &timeline->steps[step];
    const uint64_t values[2] = {bytes, objects};
    for (size_t k = 0; k < 2; k++) {
        now->most[k] = larger(now->most[k], values[k]);
        now->last[k] = values[k];
    }
}

// One of the two, in a panel of its own.
static void draw_panel(const struct timeline *timeline, size_t which, FILE *stream) {
    static const char *const names[] = {"live bytes", "live objects"};
    size_t top = TOP + which * (HEIGHT + BELOW);
    uint64_t most = 1;
    for (size_t i = 0; i < timeline->step_count; i++) {
        most = larger(most, timeline->steps[i].most[which]);
    }
    (void)fprintf(stream,
                  "<rect x=\"%d\" y=\"%zu\" width=\"%d\" height=\"%d\" class=\"frame\"/>\n"
                  "<text x=\"%d\" y=\"%zu\">%s</text>\n"
                  "<text x=\"%d\" y=\"%zu\" class=\"axis\">%" PRIu64 "</text>\n"
                  "<text x=\"%d\" y=\"%zu\" class=\"axis\">0</text>\n<polyline points=\"",
                  LEFT, top, WIDTH, HEIGHT, LEFT, top - 8, names[which], LEFT - 6, top + 12, most,
                  LEFT - 6, top + HEIGHT);
    for (size_t i = 0; i < timeline->step_count; i++) {
        double x = LEFT + (double)i * WIDTH / (double)timeline->step_count;
        double next = LEFT + (double)(i + 1) * WIDTH / (double)timeline->step_count;
        double share = (double)timeline->steps[i].most[which] / (double)most;
        double y = (double)top + HEIGHT * (1 - share);
        (void)fprintf(stream, "%.1f,%.1f %.1f,%.1f ", x, y, next, y);
    }
    (void)fputs("\"/>\n", stream);
}

void timeline_draw(const struct timeline *timeline, FILE *stream) {
    int height = TOP + 2 * (HEIGHT + BELOW);
    double seconds = (double)timeline->step_ns * (double)timeline->step_count / 1e9;
    (void)fprintf(stream,
                  "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
                  "font-family=\"sans-serif\" font-size=\"12\">\n"
                  "<style>.frame{fill:none;stroke:#888}.axis{text-anchor:end}"
                  "polyline{fill:none;stroke:#06c}</style>\n"
                  "<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n",
                  LEFT + WIDTH + 20, height);
    draw_panel(timeline, 0, stream);
    draw_panel(timeline, 1, stream);
    (void)fprintf(stream, "<text x=\"%d\" y=\"%d\" class=\"axis\">%.3f s</text>\n</svg>\n",
                  LEFT + WIDTH, height - BELOW + 18, seconds);
}

// libevent_max_events: the most events begins again at 0, and is below those that there are.
//
// cc libevent_max_events.c -levent
// Debian: libevent-dev 2.1.12
// Status 1: the defect shows.
#include <event2/event.h>
#include <stdio.h>

enum { EVENTS = 3 };

static void nothing(evutil_socket_t socket, short what, void *arg) {
    (void)socket;
    (void)what;
    (void)arg;
}

int main(void) {
    const struct timeval later = {.tv_sec = 100};
    struct event_base *base = event_base_new();
    for (int i = 0; i < EVENTS; i++) {
        struct event *event = event_new(base, -1, 0, nothing, NULL);
        if (event == NULL || event_add(event, &later) != 0) {
            return 2;
        }
    }
    int most_before = event_base_get_max_events(base, EVENT_BASE_COUNT_ADDED, 1); // and clears it
    int most = event_base_get_max_events(base, EVENT_BASE_COUNT_ADDED, 0);
    int now = event_base_get_num_events(base, EVENT_BASE_COUNT_ADDED);
    printf("%d events: the most %d; cleared: %d now, the most %d\n", EVENTS, most_before, now,
           most);
    return most < now;
}

// redis_memory_stats: a peak that is below what is allocated, in one answer.
//
// cc redis_memory_stats.c
// Debian: redis-server 5:7.0.15
// It starts redis-server on a socket of its own, announces a value of 20 MB and asks at once on
// another connection. The server looks at its peak before it waits and after a command: both must
// arrive in one round of its loop, so that it is tried some times, each time for more.
// Status 1: the defect shows.
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TRIALS = 8, STEP_BYTES = 20 << 20 };

static char folder[] = "/tmp/redis_memory_statsXXXXXX";
static struct sockaddr_un address = {.sun_family = AF_UNIX};
static char answer[1 << 16];

static int join(void) {
    int connection = socket(AF_UNIX, SOCK_STREAM, 0);
    for (int i = 0; i < 100; i++) {
        if (connect(connection, (struct sockaddr *)&address, sizeof address) == 0) {
            return connection;
        }
        (void)usleep(50000);
    }
    return -1;
}

static void tell(int connection, const char *text) {
    if (write(connection, text, strlen(text)) != (ssize_t)strlen(text)) {
        perror("write");
    }
}

static long long number(const char *name) {
    const char *found = strstr(answer, name);
    const char *digits = found == NULL ? NULL : strchr(found, ':');
    return digits == NULL ? -1 : strtoll(digits + 1, NULL, 10);
}

static bool try_it(void) {
    int asks = join();
    bool shows = false;
    bool is_large = false;
    for (int i = 1; asks >= 0 && i <= TRIALS && !is_large; i++) {
        char text[64];
        int sends = join();
        (void)usleep(150000); // it has looked at its peak
        (void)snprintf(text, sizeof text, "*3\r\n$3\r\nSET\r\n$1\r\nx\r\n$%d\r\n", i * STEP_BYTES);
        tell(sends, text); // the server makes room for the value, which never comes
        tell(asks, "MEMORY STATS\r\n");
        (void)usleep(50000);
        ssize_t bytes = read(asks, answer, sizeof answer - 1);
        answer[bytes < 0 ? 0 : bytes] = '\0';
        (void)close(sends);
        shows = shows || number("total.allocated") > number("peak.allocated");
        is_large = number("total.allocated") > number("peak.allocated") + STEP_BYTES / 2;
    }
    return shows;
}

int main(void) {
    if (mkdtemp(folder) == NULL) {
        return 2;
    }
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s/s", folder);
    pid_t server = fork();
    if (server == 0) {
        if (freopen("/dev/null", "w", stdout) != NULL) {
            execlp("redis-server", "redis-server", "--port", "0", "--unixsocket", address.sun_path,
                   "--save", "", "--dir", folder, (char *)NULL);
        }
        _exit(127);
    }
    bool shows = try_it();
    printf("total.allocated %lld, peak.allocated %lld\n", number("total.allocated"),
           number("peak.allocated"));
    (void)kill(server, SIGTERM);
    (void)waitpid(server, NULL, 0);
    (void)unlink(address.sun_path);
    (void)rmdir(folder);
    return shows;
}

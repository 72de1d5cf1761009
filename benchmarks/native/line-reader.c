/*
 * The floor: the least that anybody can need to take a line from a pseudo-terminal. One epoll loop, one read, one stamp.
 *
 * line-reader PATH MILLISECONDS     prints one latency in microseconds a line, from the planned instant of each line that
 *                                   was planned within so long.
 */
#include "common.h"

#define LATENCIES_MAX 1000000
#define SETTLE_NS 5000000 /* the first line may be a part of one */

static double latencies_us[LATENCIES_MAX];
static size_t count;
static int64_t begin_ns, end_ns;

/* `seq,plannedUs,…` */
static void take(const char *line, int64_t arrival_ns)
{
    const char *comma = strchr(line, ',');
    int64_t planned_ns = comma == 0 ? 0 : strtoll(comma + 1, 0, 10) * 1000;
    if (planned_ns >= begin_ns && planned_ns < end_ns && count < LATENCIES_MAX) {
        latencies_us[count++] = (double)(arrival_ns - planned_ns) / 1000.0;
    }
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: line-reader PATH MILLISECONDS\n");
        return 2;
    }
    end_with_parent();
    int port = open_port(argv[1]);
    int poller = epoll_create1(0);
    watch(poller, port, EPOLLIN, 0);
    begin_ns = now_ns() + SETTLE_NS;
    end_ns = begin_ns + atoll(argv[2]) * 1000000ll;
    char line[256];
    size_t length = 0;
    int in_line = 0;
    while (now_ns() < end_ns + GRACE_NS) {
        struct epoll_event event;
        if (epoll_wait(poller, &event, 1, 100) < 1) {
            continue;
        }
        char bytes[4096];
        ssize_t got = read(port, bytes, sizeof bytes);
        int64_t arrival_ns = now_ns();
        for (ssize_t i = 0; i < got; i++) {
            if (bytes[i] == '\n') {
                line[length] = 0;
                if (in_line) {
                    take(line, arrival_ns);
                }
                in_line = 1;
                length = 0;
            } else if (length < sizeof line - 1) {
                line[length++] = bytes[i];
            }
        }
    }
    for (size_t i = 0; i < count; i++) {
        printf("%.1f\n", latencies_us[i]);
    }
    return 0;
}

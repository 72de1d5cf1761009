/*
 * A board as tutorials have it: prints one CSV line a period on a pseudo-terminal. Each line carries the instant at which it
 * was planned, so latency is counted from there, whatever held it up (open loop, no coordinated omission).
 *
 * line-source RATE_HZ     first line on stdout: `port PATH`. Ends with SIGTERM.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t ended;

static void end(int signal)
{
    (void)signal;
    ended = 1;
}

static int open_pty(void)
{
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);
    if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0) {
        perror("line-source: pseudo-terminal");
        exit(1);
    }
    int slave = open(ptsname(master), O_RDWR | O_NOCTTY);
    struct termios raw;
    tcgetattr(slave, &raw);
    cfmakeraw(&raw);
    tcsetattr(slave, TCSANOW, &raw);
    close(slave);
    printf("port %s\n", ptsname(master));
    fflush(stdout);
    return master;
}

int main(int argc, char **argv)
{
    long rate_hz = argc > 1 ? atol(argv[1]) : 1000;
    int64_t period_ns = 1000000000ll / rate_hz;
    struct sigaction ending = {.sa_handler = end};
    sigaction(SIGTERM, &ending, 0);
    sigaction(SIGINT, &ending, 0);
    int master = open_pty();
    prctl(PR_SET_TIMERSLACK, 1ul);
    struct timespec start;
    clock_gettime(CLOCK_MONOTONIC, &start);
    int64_t release_ns = (int64_t)start.tv_sec * 1000000000ll + start.tv_nsec;
    for (uint32_t seq = 0; !ended; seq++) {
        release_ns += period_ns;
        struct timespec at = {release_ns / 1000000000ll, (long)(release_ns % 1000000000ll)};
        while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, 0) != 0 && !ended) {
        }
        char line[96];
        int length = snprintf(line, sizeof line, "%u,%lld,%d,%d,%d,%d\n", seq, (long long)(release_ns / 1000),
                              (int)(seq * 7 % 4000), (int)(seq % 500), 2500 + (int)(seq % 50), (int)(seq % 1000));
        if (write(master, line, (size_t)length) < 0) {
            continue; /* nobody reads: lost, as on a real line */
        }
    }
    return 0;
}

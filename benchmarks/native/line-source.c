/*
 * A board as tutorials have it: prints one CSV line a period on a pseudo-terminal. Each line carries the instant at which it
 * was planned, so latency is counted from there, whatever held it up (open loop, no coordinated omission).
 *
 * It is no part of what is measured: it runs at a real-time priority where it may, and awaits each instant awake.
 *
 * line-source RATE_HZ     first line on stdout: `port PATH`. Ends with SIGTERM. SIGUSR1 pauses it, and makes it say
 *                         `late P50 P99 MAX`: by how many microseconds it was itself behind its plan; SIGUSR2 goes on.
 */
#include "common.h"

#include <sched.h>

#define LATE_US_MAX 20000
#define SPIN_NS 60000 /* a processor wakes from its rest within so long */

static volatile sig_atomic_t ended;
static volatile sig_atomic_t paused;
/* Lines by whole microseconds of their own lateness. */
static uint32_t late[LATE_US_MAX + 1];
static uint32_t lines;

static void on_signal(int signal)
{
    if (signal == SIGUSR1 || signal == SIGUSR2) {
        paused = signal == SIGUSR1;
    } else {
        ended = 1;
    }
}

static int open_pty(void)
{
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);
    if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0) {
        die("line-source: pseudo-terminal");
    }
    close(open_port(ptsname(master)));
    printf("port %s\n", ptsname(master));
    fflush(stdout);
    return master;
}

static int late_us(double share)
{
    uint32_t left = (uint32_t)((double)lines * (1 - share));
    int us = LATE_US_MAX;
    for (uint32_t above = 0; us > 0 && (above += late[us]) <= left;) {
        us--;
    }
    return us;
}

static void rest(const sigset_t *waiting)
{
    printf("late %d %d %d\n", late_us(0.5), late_us(0.99), late_us(1));
    fflush(stdout);
    memset(late, 0, sizeof late);
    lines = 0;
    while (paused && !ended) {
        sigsuspend(waiting);
    }
}

static void await(int64_t release_ns)
{
    int64_t wake_ns = release_ns - SPIN_NS;
    struct timespec at = {wake_ns / 1000000000ll, (long)(wake_ns % 1000000000ll)};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, 0) != 0 && !ended && !paused) {
    }
    while (now_ns() < release_ns && !ended && !paused) {
    }
}

static void write_line(int master, uint32_t seq, int64_t release_ns)
{
    char line[96];
    int length = snprintf(line, sizeof line, "%u,%lld,%d,%d,%d,%d\n", seq, (long long)(release_ns / 1000),
                          (int)(seq * 7 % 4000), (int)(seq % 500), 2500 + (int)(seq % 50), (int)(seq % 1000));
    int64_t us = (now_ns() - release_ns) / 1000;
    late[us < LATE_US_MAX ? us : LATE_US_MAX]++;
    lines++;
    if (write(master, line, (size_t)length) < 0) {
        return; /* nobody reads: lost, as on a real line */
    }
}

int main(int argc, char **argv)
{
    end_with_parent();
    long rate_hz = argc > 1 ? atol(argv[1]) : 1000;
    int64_t period_ns = 1000000000ll / rate_hz;
    struct sigaction action = {.sa_handler = on_signal};
    const int signals[] = {SIGTERM, SIGINT, SIGUSR1, SIGUSR2};
    sigset_t blocked, before;
    sigemptyset(&blocked);
    for (int i = 0; i < 4; i++) {
        sigaction(signals[i], &action, 0);
        sigaddset(&blocked, signals[i]);
    }
    int master = open_pty();
    struct sched_param priority = {.sched_priority = 40};
    sched_setscheduler(0, SCHED_FIFO, &priority); /* without the right to it, the `late` figures tell */
    prctl(PR_SET_TIMERSLACK, 1ul);
    int64_t release_ns = now_ns();
    for (uint32_t seq = 0; !ended; seq++) {
        if (paused) {
            sigprocmask(SIG_BLOCK, &blocked, &before); /* the one that ends the rest must not come before the rest */
            rest(&before);
            sigprocmask(SIG_SETMASK, &before, 0);
            release_ns = now_ns();
        }
        release_ns += period_ns;
        await(release_ns);
        if (!paused) {
            write_line(master, seq, release_ns);
        }
    }
    return 0;
}

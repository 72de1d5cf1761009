/*
 * The board as an ordinary process. It has no interrupts: port_idle sleeps until the next instant at which a chip would
 * have had one, then calls the core as that interrupt would. Releases follow from each other and not from when the
 * process woke, so a late wake-up shows as a late start and never as drift.
 */
#include "../port.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "../../core/core.h"
#include "../../core/release.h"
#include "board.h"
#include "line.h"
#include "line_faults.h"
#include "options.h"
#include "reset.h"

static struct options options;
static int64_t boot_ns;
static uint64_t next_release_us; /* 64 bits: port_now_us wraps, this does not */
static bool timer_runs;
static bool working;
static volatile sig_atomic_t ended;

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000ll + now.tv_nsec;
}

static uint32_t to_device_us(int64_t ns)
{
    return (uint32_t)((ns - boot_ns) / 1000);
}

static void end(int signal)
{
    (void)signal;
    ended = 1;
}

static void finish(void)
{
    struct line_counters line = line_counters();
    char target[128];
    ssize_t length = options.link == 0 ? 0 : readlink(options.link, target, sizeof target - 1);
    if (length > 0) {
        target[length] = 0;
        if (strcmp(target, line_path()) == 0) {
            unlink(options.link); /* only while it is still ours */
        }
    }
    fprintf(stderr, "line: %llu bytes sent, %llu lost (the reader did not read), %llu unheard (nobody had the port open)\n",
            (unsigned long long)line.sent, (unsigned long long)line.lost, (unsigned long long)line.unheard);
    exit(0);
}

/* By a new link and a rename, so that nobody finds it missing. */
static void make_link(void)
{
    char fresh[4096];
    int length = snprintf(fresh, sizeof fresh, "%s.%ld", options.link, (long)getpid());
    if (length >= (int)sizeof fresh || symlink(line_path(), fresh) != 0 || rename(fresh, options.link) != 0) {
        fprintf(stderr, "tautline-host: --link %s: %s\n", options.link, strerror(errno));
        exit(1);
    }
}

static void become_real_time(void)
{
    struct sched_param priority = {.sched_priority = options.fifo_priority};
    if (sched_setscheduler(0, SCHED_FIFO, &priority) != 0 || mlockall(MCL_CURRENT | MCL_FUTURE) != 0) {
        fprintf(stderr, "tautline-host: --fifo %d: %s; it needs root or CAP_SYS_NICE and CAP_IPC_LOCK\n",
                options.fifo_priority, strerror(errno));
        exit(1);
    }
}

void port_start(int argc, char **argv)
{
    struct sigaction ending = {.sa_handler = end};
    options = options_parse(argc, argv);
    int inherited = reset_start(argv);
    line_open(inherited, options.baud, options.instant);
    reset_keep(line_descriptor());
    board_declare(&options);
    if (options.line_faults) {
        line_faults_start(options.line_log);
    }
    sigaction(SIGINT, &ending, 0);
    sigaction(SIGTERM, &ending, 0);
    if (inherited < 0) {
        if (options.link != 0) {
            make_link();
        }
        printf("port %s\n", line_path());
        fflush(stdout);
    }
    if (options.fifo_priority > 0) {
        become_real_time();
    }
    prctl(PR_SET_TIMERSLACK, 1ul); /* the default lets every wake-up be 50 us late */
    boot_ns = now_ns() - PORT_FIRST_US * 1000ll;
    printf("zero %lld\n", (long long)boot_ns); /* CLOCK_MONOTONIC of device time 0: what latencies are measured from */
    fflush(stdout);
}

void port_timer_start(uint32_t first_us)
{
    next_release_us = first_us;
    timer_runs = true;
}

/* Everything that interrupts would have done by now. True when there is work. */
static bool interrupts(void)
{
    int64_t now = now_ns();
    bool work = line_service(now, to_device_us);
    if (timer_runs && (uint64_t)((now - boot_ns) / 1000) >= next_release_us) {
        uint32_t next_us = core_tick(to_device_us(now));
        next_release_us += next_us - (uint32_t)next_release_us;
        work = true;
    }
    return work;
}

static void work(void)
{
    working = true;
    core_work();
    working = false;
}

/* Until the next instant at which something is due, or until somebody says something. */
static void sleep_until_due(void)
{
    int64_t release_ns = boot_ns + (int64_t)next_release_us * 1000;
    int64_t next_ns = release_ns - (int64_t)options.spin_us * 1000;
    if (line_next_ns() < next_ns) {
        next_ns = line_next_ns();
    }
    int64_t left_ns = next_ns - now_ns();
    if (left_ns > 0) {
        struct timespec left = {left_ns / 1000000000ll, (long)(left_ns % 1000000000ll)};
        struct pollfd inputs[2] = {{.fd = line_listening() ? line_descriptor() : -1, .events = POLLIN},
                                   {.fd = line_faults_descriptor(), .events = POLLIN}};
        ppoll(inputs, 2, &left, 0);
    }
}

void port_idle(void)
{
    sleep_until_due();
    if (ended || (options.periods > 0 && release_ticks() >= options.periods)) {
        finish();
    }
    if (interrupts()) {
        work();
    }
}

void port_spin(void)
{
    if (interrupts() && !working) {
        work();
    }
}

uint32_t port_now_us(void)
{
    return to_device_us(now_ns());
}

/* One thread, and "interrupts" only at the places that call them: nothing to mask. */
uint32_t port_lock(void)
{
    return 0;
}

void port_unlock(uint32_t state)
{
    (void)state;
}

void port_transmit_kick(void)
{
    line_kick(now_ns());
}

/* Asked before the ring is: what has left the line by now leaves the ring here. */
uint16_t port_transmit_pending(void)
{
    line_transmit(now_ns());
    return 0;
}

uint32_t port_byte_ns(void)
{
    return line_byte_ns();
}

void port_output(uint8_t channel, uint16_t permille)
{
    (void)channel;
    (void)permille;
}

int32_t port_sample(void)
{
    return PORT_NO_SAMPLE;
}

uint32_t port_entropy(void)
{
    uint32_t bits = 0;
    if (options.seeded) {
        return (options.seed + 1u) * 0x9E3779B1u ^ (reset_count() + 1u) * 0x85EBCA6Bu;
    }
    if (getrandom(&bits, sizeof bits, 0) != (ssize_t)sizeof bits) {
        perror("tautline-host: getrandom");
        exit(1);
    }
    return bits;
}

enum wire_reset_cause port_reset_cause(void)
{
    return reset_cause();
}

uint64_t port_uid(void)
{
    return 0;
}

void port_watchdog_feed(uint32_t timeout_us)
{
    reset_watchdog_feed(timeout_us, now_ns());
}

void port_marker(bool high)
{
    (void)high;
}

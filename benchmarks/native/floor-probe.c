/*
 * How late this machine wakes anybody up, whatever runs on it: a thread on each CPU, at real-time priority, asks to be
 * woken every millisecond. What is late here was late for everybody, and nothing in a bridge is to blame for it.
 *
 * floor-probe PRIORITY LATE_US    priority 0: the ordinary one, as a bridge has it. On SIGTERM prints `late CPU PLANNED_NS WOKE_NS` for each wake-up later than LATE_US,
 *                                 and `wakes N`.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define PERIOD_NS 1000000ll
#define LATE_MAX 65536

struct late {
    int64_t planned_ns, woke_ns;
};

struct watch {
    pthread_t thread;
    int cpu;
    uint64_t wakes;
    uint32_t count;
    struct late late[LATE_MAX];
};

static volatile sig_atomic_t ended;
static int64_t late_ns;

static void *watch(void *argument)
{
    struct watch *watch = argument;
    struct timespec at;
    cpu_set_t only;
    CPU_ZERO(&only);
    CPU_SET(watch->cpu, &only);
    pthread_setaffinity_np(pthread_self(), sizeof only, &only);
    prctl(PR_SET_TIMERSLACK, 1ul);
    clock_gettime(CLOCK_MONOTONIC, &at);
    int64_t planned_ns = (int64_t)at.tv_sec * 1000000000ll + at.tv_nsec;
    while (!ended) {
        planned_ns += PERIOD_NS;
        at.tv_sec = planned_ns / 1000000000ll;
        at.tv_nsec = planned_ns % 1000000000ll;
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, 0);
        clock_gettime(CLOCK_MONOTONIC, &at);
        int64_t woke_ns = (int64_t)at.tv_sec * 1000000000ll + at.tv_nsec;
        watch->wakes++;
        if (woke_ns - planned_ns > late_ns && watch->count < LATE_MAX) {
            watch->late[watch->count++] = (struct late){planned_ns, woke_ns};
        }
        while (planned_ns + PERIOD_NS < woke_ns) {
            planned_ns += PERIOD_NS; /* one late wake-up is one event */
        }
    }
    return 0;
}

static void end(int signal)
{
    (void)signal;
    ended = 1;
}

int main(int argc, char **argv)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* whatever ends the benchmark ends this */
    struct sched_param priority = {.sched_priority = argc == 3 ? atoi(argv[1]) : 0};
    late_ns = argc == 3 ? atoll(argv[2]) * 1000 : 0;
    bool ordinary = priority.sched_priority == 0;
    if (late_ns <= 0 || (!ordinary && sched_setscheduler(0, SCHED_FIFO, &priority) != 0)) {
        perror("floor-probe PRIORITY LATE_US, as root");
        return 1;
    }
    struct sigaction ending = {.sa_handler = end};
    sigaction(SIGTERM, &ending, 0);
    int cpus = (int)sysconf(_SC_NPROCESSORS_ONLN);
    struct watch *watches = calloc((size_t)cpus, sizeof *watches);
    mlockall(MCL_CURRENT | MCL_FUTURE);
    for (int cpu = 0; cpu < cpus; cpu++) {
        watches[cpu].cpu = cpu;
        pthread_create(&watches[cpu].thread, 0, watch, &watches[cpu]);
    }
    printf("ready\n");
    fflush(stdout);
    while (!ended) {
        pause();
    }
    uint64_t wakes = 0;
    for (int cpu = 0; cpu < cpus; cpu++) {
        pthread_join(watches[cpu].thread, 0);
        wakes += watches[cpu].wakes;
        for (uint32_t i = 0; i < watches[cpu].count; i++) {
            printf("late %d %lld %lld\n", cpu, (long long)watches[cpu].late[i].planned_ns,
                   (long long)watches[cpu].late[i].woke_ns);
        }
    }
    printf("wakes %llu\n", (unsigned long long)wakes);
    return 0;
}

/*
 * Takes every CPU away from the others for a while, on command.
 *
 * hog nice N THREADS | fifo N THREADS      then on stdin `US`: so many threads a CPU compute for so many microseconds;
 *                                           0: they end at once. Ends with stdin.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t asked = PTHREAD_COND_INITIALIZER;
static unsigned turn;
static _Atomic int64_t until_ns;

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000ll + now.tv_nsec;
}

static void *compute(void *cpu)
{
    unsigned done = 0;
    cpu_set_t only;
    CPU_ZERO(&only);
    CPU_SET((int)(intptr_t)cpu, &only);
    pthread_setaffinity_np(pthread_self(), sizeof only, &only);
    for (;;) {
        pthread_mutex_lock(&lock);
        while (done == turn) {
            pthread_cond_wait(&asked, &lock);
        }
        done = turn;
        pthread_mutex_unlock(&lock);
        while (now_ns() < until_ns) {
        }
    }
    return 0;
}

int main(int argc, char **argv)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* whatever ends the benchmark ends this */
    int value = argc == 4 ? atoi(argv[2]) : 0;
    int failed = 1;
    if (argc == 4 && strcmp(argv[1], "nice") == 0) {
        failed = setpriority(PRIO_PROCESS, 0, value);
    } else if (argc == 4 && strcmp(argv[1], "fifo") == 0) {
        struct sched_param priority = {.sched_priority = value};
        failed = sched_setscheduler(0, SCHED_FIFO, &priority);
    }
    if (failed != 0) {
        perror("hog: nice N THREADS or fifo N THREADS, as root");
        return 1;
    }
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    for (long k = 0; k < cpus * atol(argv[3]); k++) {
        pthread_t thread; /* inherits the scheduling of its creator */
        pthread_create(&thread, 0, compute, (void *)(intptr_t)(k % cpus));
    }
    printf("ready\n");
    fflush(stdout);
    long us;
    while (scanf("%ld", &us) == 1) {
        pthread_mutex_lock(&lock);
        int64_t now = now_ns(), until = now + us * 1000;
        if (us == 0 || until > until_ns) {
            until_ns = until; /* a short order does not cut a long one off */
        }
        turn++;
        pthread_cond_broadcast(&asked);
        pthread_mutex_unlock(&lock);
    }
    return 0;
}

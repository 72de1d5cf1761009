#include "reset.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#define VARIABLE "TAUTLINE_HOST_RESET"
#define VARIABLES_MAX 512
#define FEED_INTERVAL_NS 5000000ll /* not a system call in each of 10000 periods a second */

extern char **environ;

static enum wire_reset_cause cause = WIRE_RESET_POWER_ON;
static uint32_t count;
static char **arguments;
/* Made before a signal can come: its handler may only exec. One for each cause. */
static char by_pin[64], by_watchdog[64];
static char *environment[VARIABLES_MAX];
static int variable_at;

static void restart(const char *variable)
{
    static const struct itimerval never;
    setitimer(ITIMER_PROF, &never, 0); /* timers outlive exec, handlers don't */
    environment[variable_at] = (char *)(uintptr_t)variable;
    execve("/proc/self/exe", arguments, environment);
    _exit(1);
}

static void on_button(int signal)
{
    (void)signal;
    restart(by_pin);
}

static void on_watchdog(int signal)
{
    (void)signal;
    restart(by_watchdog);
}

int reset_start(char **argv)
{
    int line = -1;
    unsigned code;
    const char *inherited = getenv(VARIABLE);
    arguments = argv;
    if (inherited != 0 && sscanf(inherited, "%d,%u,%u", &line, &code, &count) == 3) {
        cause = (enum wire_reset_cause)code;
    }
    for (char **variable = environ; *variable != 0 && variable_at < VARIABLES_MAX - 2; variable++) {
        if (strncmp(*variable, VARIABLE "=", sizeof VARIABLE) != 0) {
            environment[variable_at++] = *variable;
        }
    }
    return line;
}

void reset_keep(int line)
{
    struct sigaction button = {.sa_handler = on_button};
    struct sigaction watchdog = {.sa_handler = on_watchdog};
    sigset_t both;
    snprintf(by_pin, sizeof by_pin, VARIABLE "=%d,%d,%u", line, WIRE_RESET_PIN, count + 1u);
    snprintf(by_watchdog, sizeof by_watchdog, VARIABLE "=%d,%d,%u", line, WIRE_RESET_WATCHDOG, count + 1u);
    sigaction(SIGUSR1, &button, 0);
    sigaction(SIGPROF, &watchdog, 0);
    /* The handler that led here ran with its signal blocked, and exec keeps that. */
    sigemptyset(&both);
    sigaddset(&both, SIGUSR1);
    sigaddset(&both, SIGPROF);
    sigprocmask(SIG_UNBLOCK, &both, 0);
}

enum wire_reset_cause reset_cause(void)
{
    return cause;
}

uint32_t reset_count(void)
{
    return count;
}

void reset_watchdog_feed(uint32_t timeout_us, int64_t now_ns)
{
    static int64_t fed_ns;
    if (fed_ns != 0 && now_ns - fed_ns < FEED_INTERVAL_NS) {
        return;
    }
    fed_ns = now_ns;
    struct itimerval timeout = {.it_value = {.tv_sec = timeout_us / 1000000u, .tv_usec = timeout_us % 1000000u}};
    setitimer(ITIMER_PROF, &timeout, 0);
}

#include "options.h"

#include <getopt.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

static const char usage[] =
    "usage: tautline-host [options]\n"
    "A board as an ordinary process, on a pseudo-terminal that it opens. The first line on stdout is `port PATH`,\n"
    "then at each boot `zero NS`: the instant of CLOCK_MONOTONIC at which its own clock began.\n"
    "SIGUSR1 presses its reset button; SIGINT and SIGTERM end it and print what the line lost.\n"
    "  --rate HZ      releases a second, 100 to 10000; default 1000\n"
    "  --baud RATE    bits a second of the modelled line; default 921600, and as much more as rates over 1000 Hz need\n"
    "  --instant      bytes take no time on the line: to measure what reads them, and nothing else\n"
    "  --id NAME      board id, [a-z][a-z0-9_-]{0,31}; default host\n"
    "  --link PATH    symbolic link to the pseudo-terminal, replaced if it exists, removed at the end\n"
    "  --periods N    end after N releases\n"
    "  --fifo PRIO    real-time priority 1 to 99 (SCHED_FIFO), with all memory locked\n"
    "  --spin US      wake so long before each release and wait for it awake: releases as exact as a timer's\n"
    "  --seed N       boot ids from this seed instead of the system's entropy: a run that can be repeated\n"
    "  --line-faults  obey `delay US`, `drop N` and `flip N` on stdin: faults of the line to the host\n"
    "  --line-log F   with --line-faults: append to F which bytes left the UART when, and which a reader could have when\n";

static uint64_t number(const char *option, const char *text, uint64_t min, uint64_t max)
{
    char *end;
    unsigned long long value = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != 0 || value < min || value > max) {
        fprintf(stderr, "tautline-host: %s is \"%s\"; give a number from %llu to %llu\n", option, text,
                (unsigned long long)min, (unsigned long long)max);
        exit(2);
    }
    return value;
}

static const char *checked_id(const char *id)
{
    size_t length = 0;
    for (; id[length] != 0; length++) {
        char c = id[length];
        bool letter = c >= 'a' && c <= 'z';
        bool rest = (c >= '0' && c <= '9') || c == '_' || c == '-';
        if (length > 31 || !(letter || (rest && length > 0))) {
            break;
        }
    }
    if (length == 0 || id[length] != 0) {
        fprintf(stderr, "tautline-host: --id is \"%s\"; give a lower-case letter, then up to 31 of a-z 0-9 _ -\n", id);
        exit(2);
    }
    return id;
}

struct options options_parse(int argc, char **argv)
{
    enum { RATE = 1, BAUD, INSTANT, ID, LINK, PERIODS, FIFO, SPIN, SEED, LINE_FAULTS, LINE_LOG, HELP };
    static const struct option known[] = {
        {"rate", required_argument, 0, RATE},       {"baud", required_argument, 0, BAUD},
        {"instant", no_argument, 0, INSTANT},       {"id", required_argument, 0, ID},
        {"link", required_argument, 0, LINK},       {"periods", required_argument, 0, PERIODS},
        {"fifo", required_argument, 0, FIFO},       {"spin", required_argument, 0, SPIN},
        {"seed", required_argument, 0, SEED},       {"help", no_argument, 0, HELP},
        {"line-faults", no_argument, 0, LINE_FAULTS}, {"line-log", required_argument, 0, LINE_LOG},
        {0, 0, 0, 0},
    };
    struct options options = {.rate_hz = 1000};
    int option;
    while ((option = getopt_long(argc, argv, "", known, 0)) != -1) {
        switch (option) {
        case RATE:
            options.rate_hz = (uint32_t)number("--rate", optarg, 100, 10000);
            break;
        case BAUD:
            options.baud = (uint32_t)number("--baud", optarg, 9600, 20000000);
            break;
        case INSTANT:
            options.instant = true;
            break;
        case ID:
            options.id = checked_id(optarg);
            break;
        case LINK:
            options.link = optarg;
            break;
        case PERIODS:
            options.periods = number("--periods", optarg, 1, UINT64_MAX / 2);
            break;
        case FIFO:
            options.fifo_priority = (int)number("--fifo", optarg, 1, 99);
            break;
        case SPIN:
            options.spin_us = (uint32_t)number("--spin", optarg, 0, 1000);
            break;
        case SEED:
            options.seeded = true;
            options.seed = (uint32_t)number("--seed", optarg, 0, UINT32_MAX);
            break;
        case LINE_FAULTS:
            options.line_faults = true;
            break;
        case LINE_LOG:
            options.line_log = optarg;
            break;
        case HELP:
            fputs(usage, stdout);
            exit(0);
        default:
            fputs(usage, stderr);
            exit(2);
        }
    }
    if (optind < argc) {
        fprintf(stderr, "tautline-host: unexpected argument \"%s\"\n%s", argv[optind], usage);
        exit(2);
    }
    if (options.line_log != NULL && !options.line_faults) {
        fputs("tautline-host: --line-log needs --line-faults\n", stderr);
        exit(2);
    }
    if (options.baud == 0) {
        options.baud = 921600u * ((options.rate_hz + 999u) / 1000u);
    }
    return options;
}

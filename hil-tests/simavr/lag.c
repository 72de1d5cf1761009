/* Copyright (C) 2026 the Tautline authors. SPDX: GPL-3.0-only; see board.h. */
#include "lag.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define MAGIC 0x47414C54u /* "TLAG" */
#define PAIRS 6000u       /* one minute */
#define INTERVAL_US 10000.0

struct header {
    uint32_t magic, pairs;
    double written;
};
struct pair {
    double now_us, lag_us;
};

static char path[64];
static int file = -1;
static uint32_t written;
static double until_us, largest_us;

static void put(const void *bytes, size_t count, size_t at)
{
    if (pwrite(file, bytes, count, (off_t)at) != (ssize_t)count) {
        perror(path);
        exit(1);
    }
}

void lag_open(void)
{
    struct header header = {.magic = MAGIC, .pairs = PAIRS, .written = 0};
    snprintf(path, sizeof path, "/dev/shm/tautline-lag-%d-simavr", (int)getpid());
    file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    if (file < 0) {
        perror(path);
        exit(1);
    }
    put(&header, sizeof header, 0);
    printf("lag %s\n", path);
}

/* The pair first, then the count that makes it visible. */
void lag_record(double now_us, double lag_us)
{
    largest_us = lag_us > largest_us ? lag_us : largest_us;
    if (now_us < until_us) {
        return;
    }
    struct pair pair = {.now_us = now_us, .lag_us = largest_us};
    struct header header = {.magic = MAGIC, .pairs = PAIRS, .written = written + 1.0};
    put(&pair, sizeof pair, sizeof header + written % PAIRS * sizeof pair);
    put(&header, sizeof header, 0);
    written++;
    until_us = now_us + INTERVAL_US;
    largest_us = 0;
}

void lag_close(void)
{
    unlink(path);
}

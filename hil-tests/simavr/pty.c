/* Copyright (C) 2026 the Tautline authors. SPDX: GPL-3.0-only; see board.h. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "board.h"
#include "chip.h"
#include "lag.h"
#include "modes.h"

#define CYCLES_PER_US (BOARD_HZ / 1000000u)
#define WAIT_MIN_US 100.0
#define WAIT_MAX_US 1000.0
#define SLICE_US 5000.0         /* run at once when behind, so that bytes keep flowing */
#define CATCH_UP_MAX_US 10e6    /* behind by more (a suspended machine), its time is moved instead */
#define OUTBOX_BYTES 65536u

static avr_t *avr;
static int master;
static bool connected;
static uint8_t outbox[OUTBOX_BYTES]; /* what finds it full is lost, as in a receive buffer */
static uint32_t outbox_count;
static double start_us, planned_us;

static void fail(const char *what)
{
    fprintf(stderr, "uno-simavr: %s: %s\n", what, strerror(errno));
    exit(1);
}

static double now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static void on_transmitted(uint8_t byte, avr_cycle_count_t cycle)
{
    (void)cycle;
    if (outbox_count < OUTBOX_BYTES) {
        outbox[outbox_count++] = byte;
    }
}

static void on_pin(enum board_pin pin, bool high)
{
    (void)pin;
    (void)high;
}

static const struct board_events events = {on_transmitted, on_pin, 0};

/* The other end is opened and closed once, raw: from then on the kernel tells whether somebody has it open. */
static void open_port(void)
{
    struct termios raw;
    char path[64];
    master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);
    if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0 || ptsname_r(master, path, sizeof path) != 0) {
        fail("open a pseudo-terminal");
    }
    int slave = open(path, O_RDWR | O_NOCTTY);
    if (slave < 0 || tcgetattr(slave, &raw) != 0) {
        fail(path);
    }
    cfmakeraw(&raw);
    if (tcsetattr(slave, TCSANOW, &raw) != 0) {
        fail("make the terminal raw");
    }
    close(slave);
    printf("port %s\n", path);
}

static void hear(void)
{
    uint8_t bytes[BOARD_LINE_BYTES];
    uint32_t room = board_room();
    ssize_t count = room > 0 ? read(master, bytes, room) : -1;
    connected = count >= 0 || room == 0 || errno != EIO;
    if (count > 0) {
        board_receive(bytes, (uint32_t)count);
    }
}

/* While nobody has the port open, what the board sends is lost. */
static void speak(void)
{
    if (!connected) {
        outbox_count = 0;
    }
    ssize_t taken = outbox_count > 0 ? write(master, outbox, outbox_count) : 0;
    if (taken > 0) {
        outbox_count -= (uint32_t)taken;
        memmove(outbox, outbox + taken, outbox_count);
    }
}

/* False: whoever started this is gone, or has had enough. */
static bool obey(void)
{
    char text[256];
    ssize_t count = read(STDIN_FILENO, text, sizeof text - 1);
    if (count <= 0) {
        return count < 0 && errno == EINTR;
    }
    text[count] = 0;
    for (char *line = strtok(text, "\n"); line != 0; line = strtok(0, "\n")) {
        if (strcmp(line, "quit") == 0) {
            return false;
        }
        bool power = strcmp(line, "power") == 0;
        if (power || strcmp(line, "reset") == 0) {
            board_reset(power);
            printf("ok %s\n", line);
        } else {
            printf("error there is no command \"%s\": use reset, power or quit\n", line);
        }
    }
    return true;
}

static double board_us(avr_cycle_count_t cycle)
{
    return start_us + (double)cycle / CYCLES_PER_US;
}

/* As src/board/emulated/pacing.ts does it. Returns how long to wait. */
static double pace(void)
{
    double behind_us = now_us() - board_us(avr->cycle);
    if (behind_us > CATCH_UP_MAX_US) {
        start_us += behind_us - CATCH_UP_MAX_US;
        behind_us = CATCH_UP_MAX_US;
    }
    double run_us = behind_us < SLICE_US ? behind_us : SLICE_US;
    if (run_us > 0) {
        board_run(avr->cycle + (avr_cycle_count_t)(run_us * CYCLES_PER_US));
    }
    speak();
    double now = now_us();
    lag_record(now, now > planned_us ? now - planned_us : 0);
    if (now - board_us(avr->cycle) > SLICE_US) {
        return 0; /* the plan stays: the whole way back is lag */
    }
    double wait_us = board_us(chip_next_event(avr)) - now;
    wait_us = wait_us < WAIT_MIN_US ? WAIT_MIN_US : wait_us > WAIT_MAX_US ? WAIT_MAX_US : wait_us;
    planned_us = now + wait_us;
    return wait_us;
}

void pty_run(const char *elf, const char *eeprom)
{
    avr = board_start(elf, eeprom, &events);
    setvbuf(stdout, 0, _IOLBF, 0);
    open_port();
    lag_open();
    start_us = planned_us = now_us();
    for (;;) {
        hear();
        long wait_ns = (long)(pace() * 1e3);
        struct timespec wait = {.tv_sec = 0, .tv_nsec = wait_ns};
        /* A port that nobody has open would wake it for ever. */
        struct pollfd ends[] = {{.fd = STDIN_FILENO, .events = POLLIN}, {.fd = connected ? master : -1, .events = POLLIN}};
        if (ppoll(ends, 2, &wait, 0) > 0 && ends[0].revents != 0 && !obey()) {
            break;
        }
    }
    lag_close();
}

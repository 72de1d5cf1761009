/* Copyright (C) 2026 the Tautline authors. SPDX: GPL-3.0-only; see board.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "board.h"
#include "modes.h"

static avr_t *avr;
static avr_cycle_count_t masked_from, masked_max;
static uint16_t stack_min;
static bool masked, started;

static void on_transmitted(uint8_t byte, avr_cycle_count_t cycle)
{
    printf("t %llu %02X\n", (unsigned long long)cycle, byte);
}

static void on_pin(enum board_pin pin, bool high)
{
    printf("p %llu %s %d\n", (unsigned long long)avr->cycle, pin == BOARD_DUTY ? "duty" : "marker", high);
}

/* With an eye on the flag that masks interrupts, and on the stack. */
static void on_step(void)
{
    uint16_t stack = (uint16_t)(avr->data[R_SPL] | avr->data[R_SPH] << 8);
    bool now = avr->sreg[S_I] == 0;
    if (stack > 0x100 && stack < stack_min) {
        stack_min = stack;
    }
    if (now && !masked) {
        masked_from = avr->cycle;
    } else if (!now && masked && started && avr->cycle - masked_from > masked_max) {
        masked_max = avr->cycle - masked_from;
    }
    masked = now;
    started = started || !now; /* before main enables them nobody counts */
}

static const struct board_events events = {on_transmitted, on_pin, on_step};

static void give_bytes(const char *hex)
{
    unsigned byte;
    int used;
    while (sscanf(hex, " %2x%n", &byte, &used) == 1) {
        uint8_t given = (uint8_t)byte;
        if (board_room() == 0) {
            fprintf(stderr, "uno-simavr: the line holds %u bytes: give the next ones later\n", BOARD_LINE_BYTES);
            exit(1);
        }
        board_receive(&given, 1);
        hex += used;
    }
}

void script_run(const char *elf, const char *eeprom, double seconds)
{
    static char input[4 * BOARD_LINE_BYTES];
    avr_cycle_count_t end = (avr_cycle_count_t)(seconds * BOARD_HZ);
    avr = board_start(elf, eeprom, &events);
    stack_min = avr->ramend;
    while (fgets(input, sizeof input, stdin) != 0) {
        char *what;
        board_run(strtoull(input, &what, 10));
        if (strstr(what, "reset") != 0) {
            board_reset(false);
        } else {
            give_bytes(what);
        }
    }
    board_run(end);
    printf("m %llu %u\n", (unsigned long long)masked_max, avr->ramend - stack_min);
}

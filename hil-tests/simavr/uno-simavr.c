/*
 * Runs the Uno's image in simavr, which knows nothing of this project: a second opinion on what the chip does.
 *
 *   uno-simavr script IMAGE.elf SECONDS   virtual time: input from stdin, what happened to stdout
 *
 * Input, in order: `CYCLE HEX`, bytes that come one after another from that cycle of the chip on; `CYCLE reset`.
 * Output: `t CYCLE HH` for a byte given to the UART; `p CYCLE duty|marker 0|1` for a pin; at the end
 * `m MASKED_CYCLES STACK_BYTES`: the longest time without interrupts, and the deepest stack.
 *
 * Copyright (C) 2026 the Tautline authors. SPDX: GPL-3.0-only; see board.h.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "board.h"

#define INPUT_BYTES_MAX 4096

static avr_t *avr;
static avr_cycle_count_t input_cycle = ~0ull; /* of the next input */
static uint8_t input[INPUT_BYTES_MAX];
static int input_left, input_at;
static bool input_resets;

static void on_transmitted(uint8_t byte)
{
    printf("t %llu %02X\n", (unsigned long long)avr->cycle, byte);
}

static void on_pin(enum board_pin pin, bool high)
{
    printf("p %llu %s %d\n", (unsigned long long)avr->cycle, pin == BOARD_DUTY ? "duty" : "marker", high);
}

static const struct board_events events = {on_transmitted, on_pin};

static void read_input(void)
{
    static char line[2 * INPUT_BYTES_MAX + 64];
    char *text;
    input_cycle = ~0ull;
    if (fgets(line, sizeof line, stdin) == 0) {
        return;
    }
    input_cycle = strtoull(line, &text, 10);
    input_resets = strstr(text, "reset") != 0;
    input_at = input_left = 0;
    unsigned byte;
    int used;
    while (!input_resets && sscanf(text, " %2x%n", &byte, &used) == 1 && input_left < INPUT_BYTES_MAX) {
        input[input_left++] = (uint8_t)byte;
        text += used;
    }
}

static void give_input(void)
{
    if (input_resets) {
        board_reset(avr, false);
        read_input();
        return;
    }
    if (input_at < input_left) {
        board_receive(avr, input[input_at++]);
        input_cycle += BOARD_BYTE_CYCLES;
    }
    if (input_at >= input_left) {
        read_input();
    }
}

/* One instruction at a time, with an eye on the flag that masks interrupts and on the stack. */
static void run_script(avr_cycle_count_t end)
{
    avr_cycle_count_t masked_from = 0, masked_max = 0;
    uint16_t stack_min = avr->ramend;
    bool masked = false, started = false;
    avr->run_cycle_limit = 1;
    read_input();
    while (avr->cycle < end) {
        if (avr->cycle >= input_cycle) {
            give_input();
        }
        int state = avr_run(avr);
        if (state == cpu_Done || state == cpu_Crashed) {
            fprintf(stderr, "uno-simavr: the chip stopped at cycle %llu\n", (unsigned long long)avr->cycle);
            exit(2);
        }
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
    printf("m %llu %u\n", (unsigned long long)masked_max, avr->ramend - stack_min);
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "script") == 0) {
        avr = board_start(argv[2], &events);
        run_script((avr_cycle_count_t)(atof(argv[3]) * BOARD_HZ));
        return 0;
    }
    fprintf(stderr, "usage: uno-simavr script IMAGE.elf SECONDS < INPUT\n");
    return 1;
}

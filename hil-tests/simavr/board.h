/*
 * An Arduino Uno in simavr: its ATmega328P with what lies around it on the board.
 *
 * Copyright (C) 2026 the Tautline authors
 * This program is free software: you can redistribute it and/or modify it under the terms of the GNU General Public License
 * as published by the Free Software Foundation, version 3. It is distributed WITHOUT ANY WARRANTY. SPDX: GPL-3.0-only
 */
#ifndef BOARD_H
#define BOARD_H

#include <stdbool.h>
#include <stdint.h>

#include "sim_avr.h"

#define BOARD_HZ 16000000u
#define BOARD_BYTE_CYCLES 160u /* ten bits at 1 Mbaud */
#define BOARD_LINE_BYTES 4096u

/* Pins whose changes are reported: the actuator, and the marker that is high while the job runs. */
enum board_pin { BOARD_DUTY, BOARD_MARKER, BOARD_PINS };

struct board_events {
    void (*transmitted)(uint8_t byte, avr_cycle_count_t cycle); /* its stop bit has ended */
    void (*pin)(enum board_pin pin, bool high);
    void (*stepped)(void); /* after each instruction, and each sleep; 0: nobody looks */
};

/* Loads an ELF; ends the program with a message when there is none. `eeprom`: from its start, in hex; erased behind it. */
avr_t *board_start(const char *elf, const char *eeprom, const struct board_events *events);

/* The reset button, and the power switch. The EEPROM keeps what it has, and the line goes on. */
void board_reset(bool power);

/* How many bytes the line would take now. */
uint32_t board_room(void);

/* Bytes that follow each other on the line, from now on or behind those that are still on it. */
void board_receive(const uint8_t *bytes, uint32_t count);

/* To this cycle: exact while the chip sleeps, otherwise to the end of an instruction. */
void board_run(avr_cycle_count_t end);

#endif

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

/* Pins whose changes are reported: the actuator, and the marker that is high while the job runs. */
enum board_pin { BOARD_DUTY, BOARD_MARKER, BOARD_PINS };

struct board_events {
    void (*transmitted)(uint8_t byte); /* when the firmware gives it to the UART */
    void (*pin)(enum board_pin pin, bool high);
};

/* Loads an ELF; ends the program with a message when there is none. The EEPROM is erased. */
avr_t *board_start(const char *elf, const struct board_events *events);

/* The reset button, and the power switch. The EEPROM keeps what it has. */
void board_reset(avr_t *avr, bool power);

/* A byte whose start bit begins now. Bytes that come sooner than BOARD_BYTE_CYCLES after another follow it. */
void board_receive(avr_t *avr, uint8_t byte);

#endif

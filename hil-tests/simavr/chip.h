/*
 * What simavr 1.6 leaves out of an ATmega328P, and tautline's firmware can see: added by the datasheet (DS40002061B).
 * All else is simavr's own: instructions and their cycles, timers, ADC, EEPROM, watchdog, priorities of interrupts.
 *
 * Copyright (C) 2026 the Tautline authors. SPDX: GPL-3.0-only; see board.h.
 */
#ifndef CHIP_H
#define CHIP_H

#include <stdbool.h>

#include "sim_avr.h"

/* Once, when simavr has made the chip. `transmitted`: the last bit of a byte has been sent. */
void chip_complete(avr_t *avr, void (*transmitted)(uint8_t byte, avr_cycle_count_t cycle));

/* After each avr_reset. */
void chip_reset(void);

/* The last bit of a byte has come. */
void chip_receive(avr_t *avr, uint8_t byte);

/* One instruction, or the sleep until something happens, but not beyond `end`. False: the program has stopped for ever. */
bool chip_step(avr_t *avr, avr_cycle_count_t end);

/* When a look at it is next worth it: now, unless it sleeps. */
avr_cycle_count_t chip_next_event(const avr_t *avr);

#endif

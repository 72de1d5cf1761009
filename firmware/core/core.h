/* The core's entry points, by the context that calls them (see port.h). */
#ifndef TAUTLINE_CORE_H
#define TAUTLINE_CORE_H

#include <stdbool.h>
#include <stdint.h>

/* Once, after port_start: everything to its state after a reset, then the timer runs. */
void core_start(void);

/* Interrupts. After core_tick, and after core_receive returned true, work is to be run. */
uint32_t core_tick(uint32_t now_us);
bool core_receive(uint8_t byte, uint32_t now_us);
void core_receive_error(void);
int16_t core_transmit_next(void);

/* Does everything that waits: first the release, then one message at a time. */
void core_work(void);

/* One turn of the main loop. */
void core_loop(void);

#endif

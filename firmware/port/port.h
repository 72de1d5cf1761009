/*
 * Everything that the core asks of a chip. `port/template` is a port that compiles and explains each function again at
 * the place where it is to be written.
 *
 * Contexts. "Interrupt" calls core_tick, core_receive and core_transmit_next. "Work" runs core_work: PendSV on a
 * Cortex-M, the main loop elsewhere. "Main loop" runs core_loop. Work never runs twice at once.
 */
#ifndef TAUTLINE_PORT_H
#define TAUTLINE_PORT_H

#include <stdbool.h>
#include <stdint.h>

#include "../core/wire.gen.h"

/* Sets the chip up: clocks, pins, UART, timer (not yet running). Called once, first. */
void port_start(int argc, char **argv);

/*
 * Starts the timer: from now on core_tick is called at each instant that it asked for, the first at `first_us`. Work must not
 * run before, whatever has been received.
 */
void port_timer_start(uint32_t first_us);

/* Microseconds since boot, wraps at 2^32. Any context. It begins shortly before the wrap in the *-wrap images. */
#ifndef PORT_FIRST_US
#define PORT_FIRST_US 0u
#endif
uint32_t port_now_us(void);

/* Masks what calls the core from interrupts, and gives the state to restore. Held for a few instructions only. */
uint32_t port_lock(void);
void port_unlock(uint32_t state);

/* The transmit ring has bytes: begin to take them with core_transmit_next. Work context. */
void port_transmit_kick(void);

/* Bytes that the UART has taken and not yet sent, and how long one takes. */
uint16_t port_transmit_pending(void);
uint32_t port_byte_ns(void);

/* Output `channel` to `permille` of its range. Must not fail. */
void port_output(uint8_t channel, uint16_t permille);

/* Ambient temperature in hundredths of a degree Celsius, sampled in the timer's interrupt; PORT_NO_SAMPLE without a sensor. */
#define PORT_NO_SAMPLE INT32_MIN
int32_t port_sample(void);

/* 32 bits that differ from boot to boot; and what the chip says of itself: why it was reset, its unique number (0: none). */
uint32_t port_entropy(void);
enum wire_reset_cause port_reset_cause(void);
uint64_t port_uid(void);

/* The hardware watchdog resets the chip when it is not fed for `timeout_us`. The first call starts it. Main loop. */
void port_watchdog_feed(uint32_t timeout_us);

/* A pin for an oscilloscope: high while the job runs. */
void port_marker(bool high);

/* One turn of the main loop with nothing to do: sleep until the next interrupt, or poll where there are none. */
void port_idle(void);

/* One turn of a busy wait. Ports without interrupts move their bytes here. */
void port_spin(void);

#endif

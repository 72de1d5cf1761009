/*
 * A port to copy. It compiles and links as it is, for a chip that does not exist: no time passes, no byte moves. Replace
 * each body; `core/` and `app/` stay as they are. When all are replaced, the tests in hil-tests/ tell whether the port is
 * right: run them with HIL_TARGET set to its serial port.
 *
 * Order of work that has proved itself: port_start and port_now_us; port_transmit_kick (the boot event appears in a
 * serial monitor); port_timer_start (ten lines a second); the receive interrupt (`hello` is answered); the rest.
 */
#include "../port.h"

#include "../../core/core.h"

#define BAUD 115200u

/*
 * Clocks, pins, UART at the baud rate that the descriptor states, a timer of 1 us that is not yet interrupting. Outputs
 * come up in their safe state by hardware, not by this function: there is time between reset and here.
 * Priorities: the timer's interrupt above the UART's, both above the work context.
 */
void port_start(int argc, char **argv)
{
    (void)argc;
    (void)argv;
}

/*
 * Program the timer to interrupt at `first_us`, and let work begin: what comes before waits for the first tick. Its
 * interrupt does only this:
 *
 *     do {
 *         next_us = core_tick(port_now_us());
 *         compare register = next_us;
 *     } while (next_us has passed already);   // a compare for equality would miss it
 *     make the work context run;
 *
 * Work context: PendSV on a Cortex-M, whose handler calls core_work. Where there is no such thing, set a flag and call
 * core_work in port_idle. A sensor that must be sampled at an exact instant is sampled in this interrupt, too.
 */
void port_timer_start(uint32_t first_us)
{
    (void)first_us;
}

/*
 * The receive interrupt hands each byte to the core with the time at which it ended; a byte with a framing, parity or
 * overrun error is reported by core_receive_error() instead:
 *
 *     if (core_receive(byte, port_now_us())) make the work context run;
 *
 * When the UART reports bytes late (a FIFO with a timeout), subtract that delay, but never more than it certainly was.
 */

/* One counter of microseconds, 32 bits, from 0 or from anywhere at boot. Read from interrupts, so make the read atomic. */
uint32_t port_now_us(void)
{
    return 0;
}

/* Mask interrupts and return what they were, so that locks can nest; the asm statements must also be compiler barriers. */
uint32_t port_lock(void)
{
    return 0;
}

void port_unlock(uint32_t state)
{
    (void)state;
}

/*
 * Start the transmitter: fill its FIFO with core_transmit_next() until that returns -1 or the FIFO is full; in the second
 * case enable the transmit interrupt, which goes on in the same way. The ring has one reader: mask the transmit interrupt
 * while this function reads.
 */
void port_transmit_kick(void)
{
    while (core_transmit_next() >= 0) {
    }
}

/* Bytes in the transmit FIFO and shift register. 0 is right for a UART that takes one byte at a time. */
uint16_t port_transmit_pending(void)
{
    return 0;
}

/* Ten bits (start, eight, stop) at the baud rate that the divider really gives. */
uint32_t port_byte_ns(void)
{
    return 10u * (1000000000u / BAUD);
}

/*
 * Set an output. The safe value must not depend on anything that a hung program can leave half done: on the RP2040 a
 * duty of 0 is a plain low pin, not a PWM that happens to compare with 0.
 */
void port_output(uint8_t channel, uint16_t permille)
{
    (void)channel;
    (void)permille;
}

/* The sample taken in the timer's interrupt, or PORT_NO_SAMPLE. */
int32_t port_sample(void)
{
    return PORT_NO_SAMPLE;
}

/*
 * The boot id: two boots must never share one, or the host takes frames of the one for frames of the other. A random
 * number generator, a noisy oscillator, or a counter in non-volatile memory; never only the time since reset.
 */
uint32_t port_entropy(void)
{
    return 0;
}

enum wire_reset_cause port_reset_cause(void)
{
    return WIRE_RESET_UNKNOWN;
}

/* A number burnt into the chip; 0 without one. The host makes a board id of it when the descriptor has none. */
uint64_t port_uid(void)
{
    return 0;
}

/* Restart the hardware watchdog, which the first call starts. Called only when the timer's interrupt went on ticking. */
void port_watchdog_feed(uint32_t timeout_us)
{
    (void)timeout_us;
}

/* Optional: a pin that an oscilloscope can watch. */
void port_marker(bool high)
{
    (void)high;
}

/* Wait for interrupt; or, without a work context of the hardware's, call core_work when the flag is set. */
void port_idle(void)
{
    core_work();
}

/* Only ports that poll need it. */
void port_spin(void)
{
}

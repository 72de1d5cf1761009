/* The transmit ring: messages go in whole or not at all, the UART's interrupt takes bytes out. */
#ifndef TAUTLINE_TRANSMIT_H
#define TAUTLINE_TRANSMIT_H

#include <stdbool.h>
#include <stdint.h>

/* A power of two. 11 ms of a line at 921600 baud: a longer queue would only send older frames. */
#ifndef TRANSMIT_RING_BYTES
#define TRANSMIT_RING_BYTES 1024u
#endif

/* What frames leave free for answers and events, so that a flood of frames cannot silence them. */
#ifndef TRANSMIT_RESERVE_BYTES
#define TRANSMIT_RESERVE_BYTES 256u
#endif

void transmit_restart(void);

/* Puts a message if it fits and leaves `reserve` bytes free. A false answer is counted by the caller. Work context. */
bool transmit_put(const uint8_t *bytes, uint16_t length, uint16_t reserve);

/* The next byte for the UART, or -1. Interrupt context. */
int16_t transmit_next(void);

/* Bytes in the ring; and those ahead of a message that is put now, with what the UART has already taken. */
uint16_t transmit_used(void);
uint16_t transmit_ahead(void);

#endif

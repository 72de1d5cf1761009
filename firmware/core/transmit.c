#include "transmit.h"

#include "../port/port.h"

_Static_assert((TRANSMIT_RING_BYTES & (TRANSMIT_RING_BYTES - 1u)) == 0, "the ring's size is a power of two");
_Static_assert(TRANSMIT_RING_BYTES <= 0x8000u, "16-bit indices");

static uint8_t ring[TRANSMIT_RING_BYTES];
/* Both count bytes for ever and wrap; their difference is what the ring holds. */
static volatile uint16_t head;
static volatile uint16_t tail;

void transmit_restart(void)
{
    head = 0;
    tail = 0;
}

uint16_t transmit_used(void)
{
    uint32_t state = port_lock();
    uint16_t used = (uint16_t)(head - tail);
    port_unlock(state);
    return used;
}

uint16_t transmit_ahead(void)
{
    /* Between the two the transmit interrupt would move bytes out of the one that is read last. */
    uint32_t state = port_lock();
    /* The port first: one that polls moves bytes out of the ring when it is asked. */
    uint16_t ahead = port_transmit_pending();
    ahead = (uint16_t)(ahead + transmit_used());
    port_unlock(state);
    return ahead;
}

bool transmit_put(const uint8_t *bytes, uint16_t length, uint16_t reserve)
{
    if (length + reserve > TRANSMIT_RING_BYTES - transmit_used()) {
        return false;
    }
    uint16_t at = head;
    for (uint16_t i = 0; i < length; i++) {
        ring[at++ & (TRANSMIT_RING_BYTES - 1u)] = bytes[i];
    }
    /* The lock keeps the copy before the new head, for the compiler and, on larger chips, for the bus. */
    uint32_t state = port_lock();
    head = at;
    port_unlock(state);
    port_transmit_kick();
    return true;
}

int16_t transmit_next(void)
{
    if (head == tail) {
        return -1;
    }
    uint8_t byte = ring[tail & (TRANSMIT_RING_BYTES - 1u)];
    tail = (uint16_t)(tail + 1u);
    return byte;
}

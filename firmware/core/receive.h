/* From bytes to whole messages: the UART's interrupt fills a slot up to the delimiter, the work context takes it. */
#ifndef TAUTLINE_RECEIVE_H
#define TAUTLINE_RECEIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "wire.gen.h"

#ifndef RECEIVE_SLOTS
#define RECEIVE_SLOTS 4u
#endif
#ifndef RECEIVE_SLOT_BYTES
#define RECEIVE_SLOT_BYTES WIRE_TEXT_LINE_BYTES_MAX
#endif

struct receive_slot {
    uint32_t end_us; /* when its delimiter came */
    uint16_t start;  /* of the message in `bytes` */
    uint16_t length;
    bool text;
    uint8_t bytes[RECEIVE_SLOT_BYTES];
};

void receive_restart(void);

/* In which encoding the host speaks now. A text `hello` ends a message in either. */
void receive_expect(enum wire_encoding encoding);

/* True when the byte completed a message. Interrupt context. */
bool receive_byte(uint8_t byte, uint32_t now_us);

/* The oldest whole message, or null; it stays until receive_done. Work context. */
struct receive_slot *receive_take(void);
void receive_done(void);

/* Counts a message that was damaged, too long, of another session, or found no free slot, or a byte that the UART lost. */
void receive_error(void);
uint16_t receive_errors(void);

#endif

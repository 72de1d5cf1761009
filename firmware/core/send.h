/* Sends messages in the encoding in force, and counts those that found the ring full. Work context. */
#ifndef TAUTLINE_SEND_H
#define TAUTLINE_SEND_H

#include <stdbool.h>
#include <stdint.h>

#include "wire.h"

void send_restart(void);
void send_encode_as(enum wire_encoding encoding);
enum wire_encoding send_encoding(void);

/* False when the message was dropped, because the ring was full. */
bool send_message(enum wire_id id, const void *message);
bool send_data(const struct wire_data *data, const struct wire_values *values);

/* Messages dropped since boot, wraps. */
uint16_t send_drops(void);

#endif

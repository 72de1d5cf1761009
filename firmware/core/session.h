/* Who the board talks to: hello, descriptor, start. Before the first hello it is a monitor: text, ten frames a second. */
#ifndef TAUTLINE_SESSION_H
#define TAUTLINE_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "wire.gen.h"

/* After a reset: draws the boot id, hashes the descriptor, sends the boot event. */
void session_restart(void);

/* Tag of every message; WIRE_SESSION_NONE before the first hello. */
uint16_t session_tag(void);

/* Whether frames go out at full rate, or a few of them for a person to read. Neither between hello and start. */
bool session_streaming(void);
bool session_monitoring(void);

/* `text`: the hello came as text, and so does the answer. */
void session_hello(const struct wire_hello *hello, bool text);
void session_describe(const struct wire_describe *describe);
void session_start(const struct wire_start *start);

/* Sends the part of the descriptor that was asked for, once the ring is empty: it has the lowest priority. */
void session_send_description(void);

#endif

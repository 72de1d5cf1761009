/* Things that happen, told to the host as they happen. Work context. */
#ifndef TAUTLINE_EVENT_H
#define TAUTLINE_EVENT_H

#include <stdint.h>

#include "wire.gen.h"

/* `text` lies in flash (FLASH_TEXT) and ends with a zero; what is longer than WIRE_TEXT_FIELD_BYTES_MAX is cut. */
void event_send(enum wire_event_code code, enum wire_level level, uint32_t value, const char *text);

#endif

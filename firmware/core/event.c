#include "event.h"

#include "../port/flash.h"
#include "../port/port.h"
#include "send.h"
#include "session.h"

void event_send(enum wire_event_code code, enum wire_level level, uint32_t value, const char *text)
{
    uint8_t length = 0;
    while (length < WIRE_TEXT_FIELD_BYTES_MAX && flash_u8(text + length) != 0) {
        length++;
    }
    struct wire_event event = {
        .session = session_tag(),
        .code = (uint8_t)code,
        .level = (uint8_t)level,
        .device_us = port_now_us(),
        .value = value,
        .text = {text, length},
    };
    send_message(WIRE_ID_EVENT, &event);
}

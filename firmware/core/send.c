#include "send.h"

#include "transmit.h"

static enum wire_encoding encoding;
static uint16_t drops;
/* Byte 0 is the leading delimiter, sent when the line was idle: it ends what noise may have begun at the receiver. */
static uint8_t encoded[1 + WIRE_ENCODED_BYTES_MAX];

void send_restart(void)
{
    encoding = WIRE_ENCODING_TEXT;
    drops = 0;
}

void send_encode_as(enum wire_encoding next)
{
    encoding = next;
}

enum wire_encoding send_encoding(void)
{
    return encoding;
}

uint16_t send_drops(void)
{
    return drops;
}

static bool send(enum wire_id id, const void *message, const struct wire_values *values, uint16_t reserve)
{
    bool leading = encoding == WIRE_ENCODING_BINARY && transmit_ahead() == 0;
    uint16_t length = encoding == WIRE_ENCODING_BINARY ? wire_encode_binary(encoded + 1, id, message, values)
                                                       : wire_encode_text(encoded + 1, id, message, values);
    bool sent = length > 0 && (leading ? transmit_put(encoded, (uint16_t)(length + 1u), reserve)
                                       : transmit_put(encoded + 1, length, reserve));
    if (!sent) {
        drops = (uint16_t)(drops + 1u);
    }
    return sent;
}

bool send_message(enum wire_id id, const void *message)
{
    return send(id, message, 0, 0);
}

bool send_data(const struct wire_data *data, const struct wire_values *values)
{
    return send(WIRE_ID_DATA, data, values, TRANSMIT_RESERVE_BYTES);
}

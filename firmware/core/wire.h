/*
 * The two encodings of a message. Both walk the same tables, which come from the one declaration of the protocol, so a
 * field cannot exist in one encoding and miss in the other.
 */
#ifndef TAUTLINE_WIRE_H
#define TAUTLINE_WIRE_H

#include <stdbool.h>
#include <stdint.h>

#include "cobs.h"
#include "wire.gen.h"

#define WIRE_WORD_BYTES_MAX 9u

/* What this board sends at most, told to the host: a binary message with its CRC, before COBS; and a text line. */
#ifndef WIRE_SENT_BYTES_MAX
#define WIRE_SENT_BYTES_MAX WIRE_BINARY_MESSAGE_BYTES_MAX
#endif
#ifndef WIRE_SENT_LINE_BYTES_MAX
#define WIRE_SENT_LINE_BYTES_MAX WIRE_TEXT_LINE_BYTES_MAX
#endif

/* The longer of the two on the wire; a binary message there has its COBS bytes and its delimiter. */
#define WIRE_COBS_BYTES_MAX (COBS_BYTES_MAX(WIRE_SENT_BYTES_MAX) + 1u)
#define WIRE_ENCODED_BYTES_MAX                                                                                        \
    (WIRE_COBS_BYTES_MAX > WIRE_SENT_LINE_BYTES_MAX ? WIRE_COBS_BYTES_MAX : WIRE_SENT_LINE_BYTES_MAX)

/* WIRE_ID_DATA, WIRE_ID_STATUS, …: index into `wire_layouts`. */
#define WIRE_ID(name, NAME, kind, word, has_values) WIRE_ID_##NAME,
enum wire_id { WIRE_MESSAGES(WIRE_ID) WIRE_ID_COUNT };
#undef WIRE_ID

struct wire_field {
    uint8_t type;   /* enum wire_field_type */
    uint8_t offset; /* in the message's structure */
};

/* In flash, as everything that it points to. */
struct wire_layout {
    char word[WIRE_WORD_BYTES_MAX + 1];
    uint8_t kind;
    uint8_t field_count;
    const struct wire_field *fields;
};

extern const struct wire_layout wire_layouts[WIRE_ID_COUNT];

/* In flash: bytes of a fixed field or of a value; indexed by enum wire_field_type (0 for the variable ones) and enum wire_value_type. */
extern const uint8_t wire_field_bytes[];
extern const uint8_t wire_value_bytes[];

/* The values of a stream that follow the fields of `data`. */
struct wire_values {
    const uint8_t *types; /* enum wire_value_type, in flash */
    const int32_t *raw;
    uint8_t count;
};

/* Any message that the host sends, decoded. */
struct wire_host_message {
    enum wire_id id;
    union {
        struct wire_hello hello;
        struct wire_describe describe;
        struct wire_start start;
        struct wire_ping ping;
        struct wire_heartbeat heartbeat;
        struct wire_command command;
        struct wire_safe safe;
    } body;
};

/*
 * Encode a message, whose texts and runs of bytes lie in flash, into `out` (WIRE_ENCODED_BYTES_MAX bytes). `values` is null but for `data`. Return the bytes written,
 * or 0 when the message is longer than the protocol allows.
 * Text: `$WORD,field,…*CRC` and a line feed. Binary: COBS and the delimiter 0x00; a leading delimiter is the sender's.
 */
uint16_t wire_encode_text(uint8_t *out, enum wire_id id, const void *message, const struct wire_values *values);
uint16_t wire_encode_binary(uint8_t *out, enum wire_id id, const void *message, const struct wire_values *values);

/*
 * Decode what the host sent, in place: strings in `out` point into `bytes`. A text line begins with `!` and comes
 * without its line feed; a binary message comes without its delimiter. False: damaged, unknown, or not from a host.
 */
bool wire_decode_text(uint8_t *bytes, uint16_t length, struct wire_host_message *out);
bool wire_decode_binary(uint8_t *bytes, uint16_t length, struct wire_host_message *out);

#endif

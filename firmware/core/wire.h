/*
 * The two encodings of a message. Both walk the same tables, which come from the one declaration of the protocol, so a
 * field cannot exist in one encoding and miss in the other.
 */
#ifndef TAUTLINE_WIRE_H
#define TAUTLINE_WIRE_H

#include <stdbool.h>
#include <stdint.h>

#include "wire.gen.h"

/* Longest encoded message: a text line is shorter than a binary message with its COBS bytes and both delimiters. */
#define WIRE_ENCODED_BYTES_MAX (WIRE_BINARY_WIRE_BYTES_MAX + 2u)

/* WIRE_ID_DATA, WIRE_ID_STATUS, …: index into `wire_layouts`. */
#define WIRE_ID(name, NAME, kind, word, has_values) WIRE_ID_##NAME,
enum wire_id { WIRE_MESSAGES(WIRE_ID) WIRE_ID_COUNT };
#undef WIRE_ID

struct wire_field {
    uint8_t type;   /* enum wire_field_type */
    uint8_t offset; /* in the message's structure */
};

struct wire_layout {
    const char *word;
    const struct wire_field *fields;
    uint8_t field_count;
    uint8_t kind;
};

extern const struct wire_layout wire_layouts[WIRE_ID_COUNT];

/* Bytes of a fixed field or of a value; indexed by enum wire_field_type (0 for the variable ones) and enum wire_value_type. */
extern const uint8_t wire_field_bytes[];
extern const uint8_t wire_value_bytes[];

/* The values of a stream that follow the fields of `data`. */
struct wire_values {
    const uint8_t *types; /* enum wire_value_type */
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
 * Encode a message into `out` (WIRE_ENCODED_BYTES_MAX bytes). `values` is null but for `data`. Return the bytes written,
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

/* Reads or writes an unsigned field of the structure at `field`, by its type. */
uint64_t wire_load(const void *field, uint8_t type);
void wire_store(void *field, uint8_t type, uint64_t value);

#endif

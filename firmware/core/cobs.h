/* Consistent Overhead Byte Stuffing (Cheshire and Baker, 1999): no byte of the result is 0x00. */
#ifndef TAUTLINE_COBS_H
#define TAUTLINE_COBS_H

#include <stdint.h>

/* Bytes that `length` bytes take at most: one per run of 254, and one. */
#define COBS_BYTES_MAX(length) ((length) + (length) / 254u + 1u)

/* The encoder byte by byte: what it writes begins at `out`, the byte that counts the open run is written when it ends. */
struct cobs {
    uint8_t *next;
    uint8_t *code_at;
    uint8_t code;
};

static inline void cobs_begin(struct cobs *cobs, uint8_t *out)
{
    cobs->code_at = out;
    cobs->next = out + 1;
    cobs->code = 1;
}

static inline void cobs_next_run(struct cobs *cobs)
{
    *cobs->code_at = cobs->code;
    cobs->code_at = cobs->next++;
    cobs->code = 1;
}

static inline void cobs_add(struct cobs *cobs, uint8_t byte)
{
    if (cobs->code == 0xFF) {
        cobs_next_run(cobs);
    }
    if (byte == 0) {
        cobs_next_run(cobs);
    } else {
        *cobs->next++ = byte;
        cobs->code++;
    }
}

/* Returns the first byte behind what was written. */
static inline uint8_t *cobs_end(struct cobs *cobs)
{
    *cobs->code_at = cobs->code;
    return cobs->next;
}

/* Returns the bytes written; `out` holds COBS_BYTES_MAX(length) and does not overlap `in`. No delimiter is added. */
uint16_t cobs_encode(const uint8_t *in, uint16_t length, uint8_t *out);

/* Returns the bytes written, at most `length`, or 0 when `in` is no COBS. `out` may be `in`. */
uint16_t cobs_decode(const uint8_t *in, uint16_t length, uint8_t *out);

#endif

/* Consistent Overhead Byte Stuffing (Cheshire and Baker, 1999): no byte of the result is 0x00. */
#ifndef TAUTLINE_COBS_H
#define TAUTLINE_COBS_H

#include <stdint.h>

/* Bytes that `length` bytes take at most: one per run of 254, and one. */
#define COBS_BYTES_MAX(length) ((length) + (length) / 254u + 1u)

/* Returns the bytes written; `out` holds COBS_BYTES_MAX(length) and does not overlap `in`. No delimiter is added. */
uint16_t cobs_encode(const uint8_t *in, uint16_t length, uint8_t *out);

/* Returns the bytes written, at most `length`, or 0 when `in` is no COBS. `out` may be `in`. */
uint16_t cobs_decode(const uint8_t *in, uint16_t length, uint8_t *out);

#endif

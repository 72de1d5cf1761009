/*
 * CRC-32/AUTOSAR: polynomial 0xF4ACFB13, start and final xor 0xFFFFFFFF, reflected. "123456789" gives 0x1697D06A.
 * The final xor must not be zero: COBS can lose or gain a trailing zero byte, which such a CRC does not see.
 */
#ifndef TAUTLINE_CRC32_H
#define TAUTLINE_CRC32_H

#include <stdint.h>

uint32_t crc32(const uint8_t *bytes, uint16_t length);

/* The same byte by byte. */
uint32_t crc32_start(void);
uint32_t crc32_add(uint32_t crc, uint8_t byte);
uint32_t crc32_end(uint32_t crc);

#endif

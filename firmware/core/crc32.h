/*
 * CRC-32/AUTOSAR: polynomial 0xF4ACFB13, start and final xor 0xFFFFFFFF, reflected. "123456789" gives 0x1697D06A.
 * The final xor must not be zero: COBS can lose or gain a trailing zero byte, which such a CRC does not see.
 */
#ifndef TAUTLINE_CRC32_H
#define TAUTLINE_CRC32_H

#include <stdint.h>

#include "../port/flash.h"

uint32_t crc32(const uint8_t *bytes, uint16_t length);

extern const uint32_t crc32_table[256];

/* The same byte by byte. */
static inline uint32_t crc32_start(void)
{
    return 0xFFFFFFFFu;
}

static inline uint32_t crc32_add(uint32_t crc, uint8_t byte)
{
    return (crc >> 8) ^ flash_u32(&crc32_table[(uint8_t)((uint8_t)crc ^ byte)]);
}

static inline uint32_t crc32_end(uint32_t crc)
{
    return crc ^ 0xFFFFFFFFu;
}

#endif

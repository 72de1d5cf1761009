/*
 * Constants that stay in flash. Most chips read flash like RAM; an AVR has two address spaces, and a constant that is not
 * marked here is copied into its little RAM. What is marked FLASH is read by these functions only, never through a pointer.
 */
#ifndef TAUTLINE_FLASH_H
#define TAUTLINE_FLASH_H

#include <stdint.h>

#if defined(__AVR__)

#include <avr/pgmspace.h>

#define FLASH PROGMEM
/* A string literal in flash; inside functions only. */
#define FLASH_TEXT(text) PSTR(text)

static inline uint8_t flash_u8(const void *at)
{
    return pgm_read_byte(at);
}

static inline uint16_t flash_u16(const uint16_t *at)
{
    return pgm_read_word(at);
}

static inline uint32_t flash_u32(const uint32_t *at)
{
    return pgm_read_dword(at);
}

/* The pointer that lies at `at`, with its type. */
#define flash_pointer(at) ((__typeof__(*(at)))pgm_read_ptr(at))

static inline void flash_copy(void *to, const void *from, uint8_t bytes)
{
    memcpy_P(to, from, bytes);
}

#else

#define FLASH
#define FLASH_TEXT(text) (text)

static inline uint8_t flash_u8(const void *at)
{
    return *(const uint8_t *)at;
}

static inline uint16_t flash_u16(const uint16_t *at)
{
    return *at;
}

static inline uint32_t flash_u32(const uint32_t *at)
{
    return *at;
}

#define flash_pointer(at) (*(at))

static inline void flash_copy(void *to, const void *from, uint8_t bytes)
{
    for (uint8_t i = 0; i < bytes; i++) {
        ((uint8_t *)to)[i] = ((const uint8_t *)from)[i];
    }
}

#endif

#endif

/* What the board says of itself, one static string. tools/image.mjs writes the build's hash over the 64 zeros. */
#ifndef TAUTLINE_APP_DESCRIPTOR_H
#define TAUTLINE_APP_DESCRIPTOR_H

#include <stdint.h>

#define APP_VERSION "motor 0.1.0"

/* What differs from board to board; a port whose board is no Pico says so in its config.h. */
#ifndef APP_BOARD
#define APP_BOARD "\"id\":\"pico\",\"name\":\"motor\",\"mcu\":\"RP2040\""
#define APP_BAUD 921600
#define APP_JITTER_US 100
#define APP_FIRMWARE_BUDGET_US 1000
#endif
#ifndef APP_TICK_US
#define APP_TICK_HZ 1000
#define APP_TICK_US 1000
#endif

#define APP_WATCHDOG_MS 100
#define APP_SETPOINT_MAX_RPM 3600
#define APP_LOAD_MAX_MA 3000

extern const char descriptor_text[];
extern const uint16_t descriptor_bytes;

#endif

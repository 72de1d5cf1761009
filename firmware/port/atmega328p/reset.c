/*
 * Why the chip was reset. Its flags must be read and cleared first of all: while the watchdog's is set the watchdog runs,
 * with its shortest time, and resets the chip again (datasheet 11.9.1).
 */
#include <avr/io.h>
#include <avr/wdt.h>

#include "../port.h"

/* Not cleared at start; written before main. */
static volatile uint8_t flags __attribute__((section(".noinit")));
static volatile uint8_t flags_of_loader __attribute__((section(".noinit")));

void reset_keep_flags(void) __attribute__((naked, used, section(".init3")));

/* Optiboot clears the flags itself, and hands them over in r2. */
void reset_keep_flags(void)
{
    __asm volatile("sts %0, r2" : "=m"(flags_of_loader));
    flags = MCUSR;
    MCUSR = 0;
    wdt_disable();
}

enum wire_reset_cause port_reset_cause(void)
{
    uint8_t known = _BV(PORF) | _BV(EXTRF) | _BV(BORF) | _BV(WDRF);
    uint8_t set = flags;
    /* Without a loader r2 is anything: then the flags are not zero, and r2 is not asked. */
    if (set == 0 && (flags_of_loader & (uint8_t)~known) == 0) {
        set = flags_of_loader;
    }
    if ((set & _BV(PORF)) != 0) {
        return WIRE_RESET_POWER_ON;
    }
    if ((set & _BV(WDRF)) != 0) {
        return WIRE_RESET_WATCHDOG;
    }
    if ((set & _BV(BORF)) != 0) {
        return WIRE_RESET_BROWN_OUT;
    }
    return (set & _BV(EXTRF)) != 0 ? WIRE_RESET_PIN : WIRE_RESET_UNKNOWN;
}

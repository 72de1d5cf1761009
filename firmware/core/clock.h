/* Device time: 32 bits that wrap after 71 minutes, compared only with the functions of this file. */
#ifndef TAUTLINE_CLOCK_H
#define TAUTLINE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* From `earlier_us` to `later_us`; negative when they are the other way round. Right while they are less than 35 min apart. */
int32_t clock_since_us(uint32_t later_us, uint32_t earlier_us);
bool clock_reached(uint32_t now_us, uint32_t instant_us);

/* Limits a duration to the 16 bits that it has on the wire. */
uint16_t clock_saturate_us(int32_t duration_us);

/* Device time with 64 bits. Work context; extended at every tick, so that no wrap is missed. */
uint64_t clock_us64(void);
void clock_restart(void);

#endif

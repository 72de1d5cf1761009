#include "clock.h"

#include "../port/port.h"

static uint32_t last_us;
static uint32_t wraps;

int32_t clock_since_us(uint32_t later_us, uint32_t earlier_us)
{
    return (int32_t)(later_us - earlier_us);
}

bool clock_reached(uint32_t now_us, uint32_t instant_us)
{
    return clock_since_us(now_us, instant_us) >= 0;
}

uint16_t clock_saturate_us(int32_t duration_us)
{
    if (duration_us < 0) {
        return 0;
    }
    return duration_us > UINT16_MAX ? UINT16_MAX : (uint16_t)duration_us;
}

uint64_t clock_us64(void)
{
    uint32_t now_us = port_now_us();
    if (now_us < last_us) {
        wraps++;
    }
    last_us = now_us;
    return (uint64_t)wraps << 32 | now_us;
}

void clock_restart(void)
{
    last_us = 0;
    wraps = 0;
}

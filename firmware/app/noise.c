#include "noise.h"

static uint32_t state = 1;

void noise_restart(uint32_t seed)
{
    state = seed == 0 ? 1 : seed;
}

/* xorshift32 (Marsaglia, 2003). */
static uint32_t next(void)
{
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state;
}

int32_t noise_sample(int32_t amplitude)
{
    uint32_t bits = next();
    /* The sum of four bytes, 0..1020: bell-shaped. */
    int32_t sum = (int32_t)((bits & 0xFFu) + (bits >> 8 & 0xFFu) + (bits >> 16 & 0xFFu) + (bits >> 24));
    return (sum - 510) * amplitude / 512;
}

int32_t noise_sine(uint32_t phase)
{
    int32_t half = (int32_t)(phase % 500000u) / 500; /* 0..999 */
    int32_t height = half * (1000 - half) / 250;     /* 0..1000..0 */
    return phase % 1000000u < 500000u ? height : -height;
}

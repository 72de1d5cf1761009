/* Deterministic disturbance: noise of the sensors, and a slow sine. */
#ifndef TAUTLINE_NOISE_H
#define TAUTLINE_NOISE_H

#include <stdint.h>

void noise_restart(uint32_t seed);

/* About normal, between -amplitude and amplitude. */
int32_t noise_sample(int32_t amplitude);

/* -1000..1000 for a phase of 0..999999; a parabola for each half, 6 % off a true sine at most. */
int32_t noise_sine(uint32_t phase);

#endif

/* Periodic release: every instant follows from the one before, never from now, so that nothing drifts. */
#ifndef TAUTLINE_RELEASE_H
#define TAUTLINE_RELEASE_H

#include <stdbool.h>
#include <stdint.h>

/* The schedule begins at `first_us`, the release of tick 0. */
void release_restart(uint32_t first_us, uint32_t tick_us);

/* The timer's interrupt: notes the release that is due and returns the instant of the next one. */
uint32_t release_tick(uint32_t now_us);

/* Ticks since boot, for whoever asks whether time goes on. Any context. */
uint32_t release_ticks(void);

/* Runs the jobs of the release that waits. False when there is none. Work context. */
bool release_run(void);

#endif

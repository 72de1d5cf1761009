/*
 * Tells how late the pacing was, as the emulators of Tautline do (src/board/emulated/lag.ts): a file of fixed size in memory.
 *
 * Copyright (C) 2026 the Tautline authors. SPDX: GPL-3.0-only; see board.h.
 */
#ifndef LAG_H
#define LAG_H

/* Creates the file, and prints `lag PATH`. */
void lag_open(void);

/* A step that was planned `lag_us` before it was done, at `now_us` of CLOCK_MONOTONIC. */
void lag_record(double now_us, double lag_us);

void lag_close(void);

#endif

/*
 * Reset of a board that is a process: it starts itself anew with all its memory as new, and keeps only the
 * pseudo-terminal, as a board keeps its plug. The watchdog counts the time that the process ran, not the time that passed:
 * a loop that hangs is reset, a process that the machine gave no CPU is not.
 */
#ifndef TAUTLINE_HOST_RESET_H
#define TAUTLINE_HOST_RESET_H

#include <stdint.h>

#include "../../core/wire.gen.h"

/* Returns the descriptor of the pseudo-terminal of the boot before, or -1 at power-on. SIGUSR1 resets from now on. */
int reset_start(char **argv);

/* What the next boot is to inherit. */
void reset_keep(int line);

enum wire_reset_cause reset_cause(void);
/* Resets since power-on. */
uint32_t reset_count(void);

void reset_watchdog_feed(uint32_t timeout_us, int64_t now_ns);

#endif

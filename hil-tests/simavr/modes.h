/* How the board is run. Copyright (C) 2026 the Tautline authors. SPDX: GPL-3.0-only; see board.h. */
#ifndef MODES_H
#define MODES_H

/* In virtual time, `seconds` of it: input from stdin, what happened to stdout. */
void script_run(const char *elf, const char *eeprom, double seconds);

/* In real time on a pseudo-terminal, until stdin ends. */
void pty_run(const char *elf, const char *eeprom);

#endif

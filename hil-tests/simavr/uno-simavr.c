/*
 * Runs the Uno's image in simavr, which knows nothing of this project: a second opinion on what the chip does.
 *
 *   uno-simavr script IMAGE.elf EEPROM SECONDS   virtual time: input from stdin, what happened to stdout
 *   uno-simavr pty IMAGE.elf EEPROM              real time, on a pseudo-terminal
 *
 * EEPROM is what it holds from its start, in hex; "" for an erased one.
 *
 * Input of a script, in order: `CYCLE HEX`, bytes that come one after another from that cycle of the chip on; `CYCLE reset`.
 * Output: `t CYCLE HH` for a byte whose stop bit has ended; `p CYCLE duty|marker 0|1` for a pin; at the end
 * `m MASKED_CYCLES STACK_BYTES`: the longest time without interrupts, and the deepest stack.
 *
 * On a pseudo-terminal it speaks as `tautline emulate` does: prints `port PATH` and `lag PATH`, obeys `reset`, `power` and `quit`
 * on stdin, and ends when that ends.
 *
 * Copyright (C) 2026 the Tautline authors. SPDX: GPL-3.0-only; see board.h.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "modes.h"

int main(int argc, char **argv)
{
    if (argc == 5 && strcmp(argv[1], "script") == 0) {
        script_run(argv[2], argv[3], atof(argv[4]));
        return 0;
    }
    if (argc == 4 && strcmp(argv[1], "pty") == 0) {
        pty_run(argv[2], argv[3]);
        return 0;
    }
    fprintf(stderr, "usage: uno-simavr script IMAGE.elf EEPROM SECONDS < INPUT\n"
                    "       uno-simavr pty IMAGE.elf EEPROM\n");
    return 1;
}

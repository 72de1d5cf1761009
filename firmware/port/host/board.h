/* The parts of the application's declaration that depend on the command line: id, rate and baud. */
#ifndef TAUTLINE_HOST_BOARD_H
#define TAUTLINE_HOST_BOARD_H

#include "options.h"

/* Before core_start. Ends the process when the descriptor has no place for a value. */
void board_declare(const struct options *options);

#endif

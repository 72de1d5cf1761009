/* Commands by name, each executed at most once. Work context. */
#ifndef TAUTLINE_COMMAND_H
#define TAUTLINE_COMMAND_H

#include "wire.gen.h"

/* A new session: counters start at 1 again. */
void command_restart(void);

void command_receive(const struct wire_command *command);

#endif

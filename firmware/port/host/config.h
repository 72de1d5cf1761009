/* What this port's build differs in; the compiler reads it first. */
#ifndef TAUTLINE_HOST_CONFIG_H
#define TAUTLINE_HOST_CONFIG_H

/* board.c gives the descriptor, by the command line. */
#define APP_DESCRIPTOR_OF_PORT
#define APP_BOARD "\"id\":\"host\",\"name\":\"motor\",\"mcu\":\"host process\""
#define APP_BAUD 921600
#define APP_TICK_HZ 1000
#define APP_TICK_US 1000
#define APP_JITTER_US 100
#define APP_FIRMWARE_BUDGET_US 1000

#endif

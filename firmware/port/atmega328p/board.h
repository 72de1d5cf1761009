/* What the files of this port share: pins, clocks, and each other's functions. */
#ifndef TAUTLINE_ATMEGA328P_BOARD_H
#define TAUTLINE_ATMEGA328P_BOARD_H

#include <stdbool.h>
#include <stdint.h>

#define CRYSTAL_HZ 16000000u
#define BAUD 1000000u

/* Arduino's pins 3 and 13 (the LED); 0 and 1 are the UART's. */
#define DUTY_PIN PD3
#define MARKER_PIN PB5

/* uart.c */
void uart_start(void);

/* boots.c: the number of this boot, kept in the EEPROM. Once per boot: it writes. */
uint32_t boots_count(void);

/* The work context is the main loop: port_idle runs what this asks for. Any context. */
void work_pend(void);

#endif

/* What the files of this port share: pins, clocks, and each other's functions. */
#ifndef TAUTLINE_RP2040_BOARD_H
#define TAUTLINE_RP2040_BOARD_H

#include <stdint.h>

#define CRYSTAL_HZ 12000000u
#define SYSTEM_HZ 125000000u
#define BAUD 921600u

#define GPIO_UART_TX 0u
#define GPIO_UART_RX 1u
#define GPIO_DUTY 14u
#define GPIO_MARKER 15u

/* clocks.c: crystal, PLL, 1 us tick; then the blocks named in RESETS. */
void clocks_start(void);
void resets_release(uint32_t blocks);

/* uart.c */
void uart_start(void);

/* The work context: PendSV, below every interrupt. */
void work_pend(void);

#endif

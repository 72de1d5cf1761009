/* UART0, an Arm PL011 (datasheet 4.2): bytes to and from the core, in its interrupt. */
#include "../../core/clock.h"
#include "../../core/core.h"
#include "../port.h"
#include "board.h"
#include "registers.h"

/* Four times the divider in 1/64ths, 4.2.3.1.1: 125 MHz / (16 * 921600) = 8 + 31/64, 0.09 % slow. */
#define DIVIDER_64 ((SYSTEM_HZ * 4u + BAUD / 2u) / BAUD)
/* Ten bits; in ns, and in 1/256 us for sums without drift. */
#define BYTE_NS (uint32_t)(10ull * 16ull * 1000000000ull * DIVIDER_64 / 64ull / SYSTEM_HZ)
#define BYTE_US_256 (BYTE_NS * 256u / 1000u)
/* The receive timeout comes 32 bit periods after the last byte (4.2.3.4). One less: never earlier than the byte. */
#define RECEIVE_TIMEOUT_US (32u * BYTE_NS / 10000u - 1u)

/* When the UART will have sent all that it was given, in 1/256 us. */
static uint32_t line_free_256;

void uart_handler(void);

void uart_start(void)
{
    REGISTER(PADS_BANK0(GPIO_UART_RX)) = PAD_PULLED_UP; /* an open line is idle, not an endless break */
    REGISTER(IO_BANK0_CTRL(GPIO_UART_TX)) = FUNCTION_UART;
    REGISTER(IO_BANK0_CTRL(GPIO_UART_RX)) = FUNCTION_UART;
    line_free_256 = port_now_us() << 8; /* it wraps every 17 s: what is older than half of that would lie ahead */
    REGISTER(UART0_IBRD) = DIVIDER_64 >> 6;
    REGISTER(UART0_FBRD) = DIVIDER_64 & 63u;
    REGISTER(UART0_LCR_H) = 3u << 5 | 1u << 4; /* 8 bits, FIFOs; writing it latches the divider */
    REGISTER(UART0_IFLS) = 0;                  /* interrupts at 4 of 32 bytes, both ways */
    REGISTER(UART0_IMSC) = UART_INT_RX | UART_INT_RX_TIMEOUT;
    REGISTER(UART0_CR) = 1u << 9 | 1u << 8 | 1u << 0; /* receive, transmit, enable */
    REGISTER(NVIC_ISER) = 1u << IRQ_UART0;
}

/*
 * Fills the FIFO from the ring. The transmit interrupt tells only that the level falls through 4 bytes, not that it is
 * below: so the FIFO is filled first, and the interrupt unmasked when something is left.
 */
static void fill(void)
{
    uint32_t now_256 = port_now_us() << 8;
    if ((int32_t)(line_free_256 - now_256) < 0) {
        line_free_256 = now_256;
    }
    int16_t byte = 0;
    while ((REGISTER(UART0_FR) & UART_FR_TXFF) == 0) {
        byte = core_transmit_next();
        if (byte < 0) {
            break;
        }
        REGISTER(UART0_DR) = (uint32_t)byte;
        line_free_256 += BYTE_US_256;
    }
    REGISTER(UART0_IMSC) = UART_INT_RX | UART_INT_RX_TIMEOUT | (byte < 0 ? 0 : UART_INT_TX);
}

static void drain(uint32_t stamp_us)
{
    bool message = false;
    while ((REGISTER(UART0_FR) & UART_FR_RXFE) == 0) {
        uint32_t received = REGISTER(UART0_DR);
        if ((received & UART_DR_ERRORS) != 0) {
            core_receive_error();
        } else if (core_receive((uint8_t)received, stamp_us)) {
            message = true;
        }
    }
    if (message) {
        work_pend();
    }
}

void uart_handler(void)
{
    uint32_t now_us = port_now_us();
    uint32_t pending = REGISTER(UART0_MIS);
    REGISTER(UART0_ICR) = pending;
    if ((pending & UART_INT_RX) != 0) {
        drain(now_us);
    } else if ((pending & UART_INT_RX_TIMEOUT) != 0) {
        drain(now_us - RECEIVE_TIMEOUT_US);
    }
    if ((pending & UART_INT_TX) != 0) {
        fill();
    }
}

void port_transmit_kick(void)
{
    /* Only this interrupt takes bytes from the ring: the timer's is not held up. */
    REGISTER(NVIC_ICER) = 1u << IRQ_UART0;
    __asm volatile("dsb\n isb" ::: "memory");
    fill();
    REGISTER(NVIC_ISER) = 1u << IRQ_UART0;
}

uint16_t port_transmit_pending(void)
{
    int32_t left_256 = (int32_t)(line_free_256 - (port_now_us() << 8));
    if (left_256 <= 0 || (REGISTER(UART0_FR) & UART_FR_BUSY) == 0) {
        return 0;
    }
    return (uint16_t)(((uint32_t)left_256 + BYTE_US_256 - 1u) / BYTE_US_256);
}

uint32_t port_byte_ns(void)
{
    return BYTE_NS;
}

/* USART 0 (datasheet 20): bytes to and from the core, in its two interrupts. */
#include <avr/interrupt.h>
#include <avr/io.h>
#include <util/atomic.h>

#include "../../core/core.h"
#include "../port.h"
#include "board.h"

/* At double speed: 16 MHz / (8 * 2) is 1 Mbaud exactly. */
#define DIVIDER (CRYSTAL_HZ / 8u / BAUD - 1u)

void uart_start(void)
{
    UCSR0A = _BV(U2X0);
    UBRR0 = DIVIDER;
    UCSR0C = _BV(UCSZ01) | _BV(UCSZ00);
    PORTD |= _BV(PD0); /* pulled up: an open line is idle, not an endless break */
    UCSR0B = _BV(RXCIE0) | _BV(RXEN0) | _BV(TXEN0);
}

/*
 * The receiver holds two bytes and a third that is coming in: 20 us after this interrupt was due, one is lost. So nothing
 * masks interrupts for longer, and only a delimiter, whose stamp somebody reads, is stamped.
 */
ISR(USART_RX_vect)
{
    uint8_t status = UCSR0A;
    uint8_t byte = UDR0;
    if ((status & (_BV(FE0) | _BV(DOR0))) != 0) {
        core_receive_error();
        if ((status & _BV(FE0)) != 0) {
            return; /* an overrun lost the byte after this one, a framing error means this one */
        }
    }
    uint32_t stamp_us = byte == 0 || byte == '\n' ? port_now_us() : 0;
    if (core_receive(byte, stamp_us)) {
        work_pend();
    }
}

ISR(USART_UDRE_vect)
{
    int16_t byte = core_transmit_next();
    if (byte < 0) {
        UCSR0B &= (uint8_t)~_BV(UDRIE0);
        return;
    }
    UCSR0A = _BV(U2X0) | _BV(TXC0); /* a one clears "transmit complete": from here to the end of this byte it is not */
    UDR0 = (uint8_t)byte;
}

void port_transmit_kick(void)
{
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
    {
        UCSR0B |= _BV(UDRIE0);
    }
}

/* One in the shift register, and one in the data register. */
uint16_t port_transmit_pending(void)
{
    uint8_t status = UCSR0A;
    if ((status & _BV(TXC0)) != 0) {
        return 0;
    }
    return (status & _BV(UDRE0)) != 0 ? 1 : 2;
}

uint32_t port_byte_ns(void)
{
    return 10u * (1000000000u / BAUD);
}

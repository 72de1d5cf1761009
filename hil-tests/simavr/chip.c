/* Copyright (C) 2026 the Tautline authors. SPDX: GPL-3.0-only; see board.h. */
#include <stdbool.h>
#include <string.h>

#include "chip.h"

#include "avr_uart.h"
#include "sim_core.h"
#include "sim_interrupts.h"

/* 7.7.1: cycles into an interrupt, and more of them out of sleep. */
#define ENTRY_CYCLES 4u
#define WAKE_CYCLES 4u

/* 7.7: behind these one more instruction runs before any interrupt; simavr runs two, and behind other ways to allow them too. */
#define SEI 0x9478u
#define RETI 0x9518u
#define SLEEP 0x9588u

/* 8.6.3, table 8-1: the program waits while EEPE is one. Erasing and writing take 1.8 ms each. */
#define EECR 0x3Fu
#define EERE 0x01u
#define EEPE 0x02u
#define EEMPE 0x04u
#define EEPROM_READ_CYCLES 4u
#define EEPROM_HALT_CYCLES 2u
#define EEPROM_WRITE_CYCLES 57600u

#define STORE_CYCLES 2u
#define LOAD_CYCLES 1u
#define TCCR1B 0x81u
#define TCNT1L 0x84u
#define UCSR0B 0xC1u
#define UBRR0L 0xC4u
#define UDR0 0xC6u
#define CHARACTER_BITS 10u
#define RECEIVED_MAX 3u

static avr_uart_t *uart;
static void (*on_transmitted)(uint8_t byte, avr_cycle_count_t cycle);
static avr_io_write_t set_timer;
static avr_io_read_t read_timer;
static bool shifting, waiting, asleep;
static uint8_t shifting_byte, waiting_byte;
static uint8_t received[RECEIVED_MAX];
static uint32_t received_count;

/* simavr counts a parity bit that 8N1 has not. */
static avr_cycle_count_t character_cycles(void)
{
    return uart->cycles_per_byte;
}

static void on_baud(avr_t *avr, avr_io_addr_t address, uint8_t value, void *parameter)
{
    (void)avr;
    (void)address;
    (void)value;
    (void)parameter;
    uart->cycles_per_byte = uart->cycles_per_byte * CHARACTER_BITS / (CHARACTER_BITS + 1u);
}

/* Not empty, whatever simavr takes it for. */
static void clear_data_register_empty(avr_t *avr)
{
    avr_clear_interrupt(avr, &uart->udrc);
    avr_regbit_clear(avr, uart->udrc.raised);
}

/* 20.7.3: a data register before the shift register. simavr has one of them. */
static avr_cycle_count_t on_sent(avr_t *avr, avr_cycle_count_t when, void *parameter)
{
    (void)parameter;
    on_transmitted(shifting_byte, when);
    shifting = waiting;
    if (!waiting) {
        avr_raise_interrupt(avr, &uart->txc);
        return 0;
    }
    shifting_byte = waiting_byte;
    waiting = false;
    avr_raise_interrupt(avr, &uart->udrc);
    return when + character_cycles();
}

static void on_data(avr_t *avr, avr_io_addr_t address, uint8_t value, void *parameter)
{
    (void)address;
    (void)parameter;
    if (!avr_regbit_get(avr, uart->txen)) {
        return;
    }
    clear_data_register_empty(avr);
    if (shifting) {
        waiting = true;
        waiting_byte = value;
        return;
    }
    shifting = true;
    shifting_byte = value;
    avr_cycle_timer_register(avr, character_cycles(), on_sent, 0);
    avr_raise_interrupt(avr, &uart->udrc);
}

/* simavr raises the interrupt whenever it is allowed. */
static void on_control(avr_t *avr, avr_io_addr_t address, uint8_t value, void *parameter)
{
    (void)address;
    (void)value;
    (void)parameter;
    if (waiting) {
        clear_data_register_empty(avr);
    }
}

/* 20.8.3, 20.8.4: two bytes wait, and a third in the shift register. simavr lets the second wait for a whole character. */
void chip_receive(avr_t *avr, uint8_t byte)
{
    if (!avr_regbit_get(avr, uart->rxen)) {
        return;
    }
    if (received_count == RECEIVED_MAX) {
        avr_regbit_set(avr, uart->dor);
        return;
    }
    received[received_count++] = byte;
    avr_raise_interrupt(avr, &uart->rxc);
}

static uint8_t on_read(avr_t *avr, avr_io_addr_t address, void *parameter)
{
    (void)address;
    (void)parameter;
    uint8_t byte = received[0];
    avr_regbit_clear(avr, uart->dor);
    avr_clear_interrupt(avr, &uart->rxc);
    avr_regbit_clear(avr, uart->rxc.raised);
    if (received_count > 0) {
        received_count--;
        memmove(received, received + 1, received_count);
    }
    if (received_count > 0) {
        avr_raise_interrupt(avr, &uart->rxc);
    }
    return byte;
}

static avr_cycle_count_t on_written(avr_t *avr, avr_cycle_count_t when, void *parameter)
{
    (void)when;
    (void)parameter;
    avr->data[EECR] &= (uint8_t)~EEPE;
    return 0;
}

/* Behind simavr, which has read or written at once. */
static void on_eeprom(avr_t *avr, avr_io_addr_t address, uint8_t value, void *parameter)
{
    (void)address;
    (void)parameter;
    if ((value & EERE) != 0) {
        avr->cycle += EEPROM_READ_CYCLES;
    } else if ((value & (EEPE | EEMPE)) == (EEPE | EEMPE)) {
        avr->data[EECR] |= EEPE;
        avr_cycle_timer_register(avr, EEPROM_WRITE_CYCLES, on_written, 0);
        avr->cycle += EEPROM_HALT_CYCLES;
    }
}

/* A store is done when its two cycles are, and a load reads in its second one; simavr does both when they begin. */
static void on_timer(avr_t *avr, avr_io_addr_t address, uint8_t value, void *parameter)
{
    avr->cycle += STORE_CYCLES;
    set_timer(avr, address, value, parameter);
    avr->cycle -= STORE_CYCLES;
}

static uint8_t on_count(avr_t *avr, avr_io_addr_t address, void *parameter)
{
    avr->cycle += LOAD_CYCLES;
    uint8_t low = read_timer(avr, address, parameter);
    avr->cycle -= LOAD_CYCLES;
    return low;
}

void chip_complete(avr_t *avr, void (*transmitted)(uint8_t byte, avr_cycle_count_t cycle))
{
    avr_io_t *port = avr->io_port;
    while (strcmp(port->kind, "uart") != 0) {
        port = port->next;
    }
    uart = (avr_uart_t *)port;
    on_transmitted = transmitted;
    avr->io[AVR_DATA_TO_IO(UDR0)].w.c = on_data;
    avr->io[AVR_DATA_TO_IO(UDR0)].r.c = on_read;
    set_timer = avr->io[AVR_DATA_TO_IO(TCCR1B)].w.c;
    avr->io[AVR_DATA_TO_IO(TCCR1B)].w.c = on_timer;
    read_timer = avr->io[AVR_DATA_TO_IO(TCNT1L)].r.c;
    avr->io[AVR_DATA_TO_IO(TCNT1L)].r.c = on_count;
    avr_register_io_write(avr, UBRR0L, on_baud, 0);
    avr_register_io_write(avr, UCSR0B, on_control, uart);
    avr_register_io_write(avr, EECR, on_eeprom, 0);
}

void chip_reset(void)
{
    shifting = waiting = asleep = false;
    received_count = 0;
}

/* As avr_callback_run_raw does it; which sleeps one cycle too long, and through an interrupt that was there before the sleep. */
bool chip_step(avr_t *avr, avr_cycle_count_t end)
{
    avr_flashaddr_t pc = avr->pc;
    unsigned opcode = avr->flash[pc] | (unsigned)avr->flash[pc + 1] << 8;
    if (avr->state == cpu_Running) {
        pc = avr_run_one(avr);
        asleep = opcode == SLEEP; /* simavr stays awake when an interrupt is due */
    }
    avr_cycle_count_t quiet = avr_cycle_timer_process(avr);
    avr->pc = pc;
    if (avr->interrupt_state < 0) {
        avr->interrupt_state = opcode == SEI || opcode == RETI ? -1 : avr_has_pending_interrupts(avr);
    }
    if (avr->interrupt_state != 0) {
        /* One that was taken back is still in simavr's queue, and takes a turn. */
        bool is_due = avr->interrupt_state > 0;
        do {
            avr_service_interrupts(avr);
        } while (is_due && avr->interrupt_state > 0 && avr->pc == pc);
        if (avr->pc != pc) {
            avr->cycle += ENTRY_CYCLES + (asleep ? WAKE_CYCLES : 0);
            avr->state = cpu_Running;
            asleep = false;
        }
    } else if (avr->state == cpu_Sleeping && avr->cycle < end) {
        avr->cycle += quiet < end - avr->cycle ? quiet : end - avr->cycle;
    }
    bool is_dead = avr->state == cpu_Sleeping && !avr->sreg[S_I];
    return !is_dead && avr->state != cpu_Done && avr->state != cpu_Crashed;
}

avr_cycle_count_t chip_next_event(const avr_t *avr)
{
    const avr_cycle_timer_slot_p next = avr->cycle_timers.timer;
    return avr->state == cpu_Sleeping && next != 0 ? next->when : avr->cycle;
}

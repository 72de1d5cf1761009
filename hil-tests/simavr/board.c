/* Copyright (C) 2026 the Tautline authors. SPDX: GPL-3.0-only; see board.h. */
#include "board.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "avr_adc.h"
#include "avr_eeprom.h"
#include "avr_ioport.h"
#include "avr_uart.h"
#include "chip.h"
#include "sim_elf.h"

#define TEMPERATURE_MV 314 /* what the sensor gives at 25 degrees, datasheet table 24-2 */

static avr_t *avr;
static const struct board_events *events;
static avr_run_t run_as_made;
static uint8_t line[BOARD_LINE_BYTES]; /* from the host; the first byte is on the wire */
static uint32_t line_head, line_tail;
static avr_cycle_count_t line_cycle; /* when the byte at line_tail began */

static void on_duty(struct avr_irq_t *irq, uint32_t value, void *parameter)
{
    (void)irq;
    (void)parameter;
    events->pin(BOARD_DUTY, value != 0);
}

static void on_marker(struct avr_irq_t *irq, uint32_t value, void *parameter)
{
    (void)irq;
    (void)parameter;
    events->pin(BOARD_MARKER, value != 0);
}

static void set_temperature(uint32_t mv)
{
    avr_raise_irq(avr_io_getirq(avr, AVR_IOCTL_ADC_GETIRQ, ADC_IRQ_TEMP), mv);
}

/* simavr measures when the result is read, also before the first conversion: until that there is nothing to be measured. */
static void on_conversion(struct avr_irq_t *irq, uint32_t value, void *parameter)
{
    (void)irq;
    (void)value;
    (void)parameter;
    set_temperature(TEMPERATURE_MV);
}

static void set_eeprom(const char *hex)
{
    uint8_t bytes[1024];
    avr_eeprom_desc_t all = {.ee = bytes, .offset = 0, .size = sizeof bytes};
    memset(bytes, 0xFF, sizeof bytes);
    unsigned byte;
    for (size_t i = 0; i < sizeof bytes && sscanf(hex + 2 * i, "%2x", &byte) == 1; i++) {
        bytes[i] = (uint8_t)byte;
    }
    avr_ioctl(avr, AVR_IOCTL_EEPROM_SET, &all);
}

avr_t *board_start(const char *elf, const char *eeprom, const struct board_events *listener)
{
    elf_firmware_t firmware;
    uint32_t flags = 0;
    memset(&firmware, 0, sizeof firmware);
    events = listener;
    avr = avr_make_mcu_by_name("atmega328p");
    if (avr == 0 || elf_read_firmware(elf, &firmware) != 0) {
        fprintf(stderr, "uno-simavr: cannot load %s\n", elf);
        exit(1);
    }
    avr_init(avr);
    avr->frequency = BOARD_HZ;
    avr->vcc = avr->avcc = avr->aref = 5000;
    avr->log = LOG_ERROR;
    run_as_made = avr->run;
    avr_load_firmware(avr, &firmware);
    chip_complete(avr, events->transmitted);
    set_eeprom(eeprom);
    avr_ioctl(avr, AVR_IOCTL_UART_GET_FLAGS('0'), &flags);
    flags &= ~(uint32_t)(AVR_UART_FLAG_STDIO | AVR_UART_FLAG_POLL_SLEEP);
    avr_ioctl(avr, AVR_IOCTL_UART_SET_FLAGS('0'), &flags);
    avr_irq_register_notify(avr_io_getirq(avr, AVR_IOCTL_IOPORT_GETIRQ('D'), 3), on_duty, 0);
    avr_irq_register_notify(avr_io_getirq(avr, AVR_IOCTL_IOPORT_GETIRQ('B'), 5), on_marker, 0);
    avr_irq_register_notify(avr_io_getirq(avr, AVR_IOCTL_ADC_GETIRQ, ADC_IRQ_OUT_TRIGGER), on_conversion, 0);
    board_reset(true);
    return avr;
}

static avr_cycle_count_t on_line(avr_t *chip, avr_cycle_count_t when, void *parameter)
{
    (void)parameter;
    chip_receive(chip, line[line_tail++ % BOARD_LINE_BYTES]);
    line_cycle = when;
    return line_tail == line_head ? 0 : when + BOARD_BYTE_CYCLES;
}

static void run_line(void)
{
    if (line_tail != line_head) {
        avr_cycle_timer_register(avr, line_cycle + BOARD_BYTE_CYCLES - avr->cycle, on_line, 0);
    }
}

static void begin_boot(void)
{
    chip_reset();
    set_temperature(0);
    run_line();
}

void board_reset(bool power)
{
    avr_reset(avr);
    avr_regbit_setto(avr, avr->reset_flags.porf, power);
    avr_regbit_setto(avr, avr->reset_flags.extrf, !power);
    begin_boot();
}

uint32_t board_room(void)
{
    return BOARD_LINE_BYTES - (line_head - line_tail);
}

void board_receive(const uint8_t *bytes, uint32_t count)
{
    bool was_idle = line_head == line_tail;
    for (uint32_t i = 0; i < count; i++) {
        line[line_head++ % BOARD_LINE_BYTES] = bytes[i];
    }
    if (!was_idle) {
        return;
    }
    if (line_cycle < avr->cycle) {
        line_cycle = avr->cycle;
    }
    run_line();
}

void board_run(avr_cycle_count_t end)
{
    while (avr->cycle < end) {
        if (!chip_step(avr, end)) {
            fprintf(stderr, "uno-simavr: the chip stopped at cycle %llu\n", (unsigned long long)avr->cycle);
            exit(2);
        }
        if (avr->run != run_as_made) {
            avr->run(avr); /* how simavr's watchdog bites: this resets the chip */
            begin_boot();
        }
        if (events->stepped != 0) {
            events->stepped();
        }
    }
}

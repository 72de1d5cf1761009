/* Copyright (C) 2026 the Tautline authors. SPDX: GPL-3.0-only; see board.h. */
#include "board.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "avr_adc.h"
#include "avr_eeprom.h"
#include "avr_ioport.h"
#include "avr_uart.h"
#include "sim_elf.h"

#define TEMPERATURE_MV 314 /* what the sensor gives at 25 degrees, datasheet table 24-2 */

static const struct board_events *events;
static avr_irq_t *uart_input;

static void on_transmitted(struct avr_irq_t *irq, uint32_t value, void *parameter)
{
    (void)irq;
    (void)parameter;
    events->transmitted((uint8_t)value);
}

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

/* Virtual time is nobody's: the caller paces, if anybody does. */
static void do_not_sleep(avr_t *avr, avr_cycle_count_t cycles)
{
    (void)avr;
    (void)cycles;
}

static void erase_eeprom(avr_t *avr)
{
    uint8_t erased[1024];
    avr_eeprom_desc_t all = {.ee = erased, .offset = 0, .size = sizeof erased};
    memset(erased, 0xFF, sizeof erased);
    avr_ioctl(avr, AVR_IOCTL_EEPROM_SET, &all);
}

avr_t *board_start(const char *elf, const struct board_events *listener)
{
    elf_firmware_t firmware;
    uint32_t flags = 0;
    memset(&firmware, 0, sizeof firmware);
    events = listener;
    avr_t *avr = avr_make_mcu_by_name("atmega328p");
    if (avr == 0 || elf_read_firmware(elf, &firmware) != 0) {
        fprintf(stderr, "uno-simavr: cannot load %s\n", elf);
        exit(1);
    }
    avr_init(avr);
    avr->frequency = BOARD_HZ;
    avr->vcc = avr->avcc = avr->aref = 5000;
    avr->log = LOG_ERROR;
    avr->sleep = do_not_sleep;
    avr_load_firmware(avr, &firmware);
    erase_eeprom(avr);
    avr_ioctl(avr, AVR_IOCTL_UART_GET_FLAGS('0'), &flags);
    flags &= ~(uint32_t)(AVR_UART_FLAG_STDIO | AVR_UART_FLAG_POLL_SLEEP);
    avr_ioctl(avr, AVR_IOCTL_UART_SET_FLAGS('0'), &flags);
    uart_input = avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_INPUT);
    avr_irq_register_notify(avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_OUTPUT), on_transmitted, 0);
    avr_irq_register_notify(avr_io_getirq(avr, AVR_IOCTL_IOPORT_GETIRQ('D'), 3), on_duty, 0);
    avr_irq_register_notify(avr_io_getirq(avr, AVR_IOCTL_IOPORT_GETIRQ('B'), 5), on_marker, 0);
    board_reset(avr, true);
    return avr;
}

void board_reset(avr_t *avr, bool power)
{
    avr_reset(avr);
    avr_raise_irq(avr_io_getirq(avr, AVR_IOCTL_ADC_GETIRQ, ADC_IRQ_TEMP), TEMPERATURE_MV);
    avr_regbit_setto(avr, avr->reset_flags.porf, power);
    avr_regbit_setto(avr, avr->reset_flags.extrf, !power);
}

void board_receive(avr_t *avr, uint8_t byte)
{
    (void)avr;
    avr_raise_irq(uart_input, byte);
}

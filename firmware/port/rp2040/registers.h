/* The registers that this port uses. Sections are those of the RP2040 datasheet. */
#ifndef TAUTLINE_RP2040_REGISTERS_H
#define TAUTLINE_RP2040_REGISTERS_H

#include <stdint.h>

#define REGISTER(address) (*(volatile uint32_t *)(address))
/* 2.1.2: writes to these aliases set or clear the bits that are 1. */
#define SET_BITS(address) REGISTER((address) + 0x2000u)
#define CLEAR_BITS(address) REGISTER((address) + 0x3000u)

/* 2.14 */
#define RESETS_RESET 0x4000C000u
#define RESETS_RESET_DONE 0x4000C008u
#define RESETS_ADC (1u << 0)
#define RESETS_IO_BANK0 (1u << 5)
#define RESETS_PADS_BANK0 (1u << 8)
#define RESETS_PLL_SYS (1u << 12)
#define RESETS_PWM (1u << 14)
#define RESETS_TIMER (1u << 21)
#define RESETS_UART0 (1u << 22)

/* 2.13.5 */
#define PSM_WDSEL 0x40010008u
#define PSM_ROSC (1u << 0)
#define PSM_XOSC (1u << 1)
#define PSM_ALL 0x1FFFFu

/* 2.15.7 */
#define CLOCKS_REF_CTRL 0x40008030u
#define CLOCKS_REF_SELECTED 0x40008038u
#define CLOCKS_SYS_CTRL 0x4000803Cu
#define CLOCKS_SYS_SELECTED 0x40008044u
#define CLOCKS_PERI_CTRL 0x40008048u
#define CLOCKS_ADC_CTRL 0x40008060u
#define CLOCKS_ENABLE (1u << 11)

/* 2.16.7 */
#define XOSC_CTRL 0x40024000u
#define XOSC_STATUS 0x40024004u
#define XOSC_STARTUP 0x4002400Cu

/* 2.17.8 */
#define ROSC_RANDOMBIT 0x4006001Cu

/* 2.18.4 */
#define PLL_SYS_CS 0x40028000u
#define PLL_SYS_PWR 0x40028004u
#define PLL_SYS_FBDIV_INT 0x40028008u
#define PLL_SYS_PRIM 0x4002800Cu

/* 2.12.8 */
#define CHIP_RESET 0x40064008u
#define CHIP_RESET_HAD_POR (1u << 8)
#define CHIP_RESET_HAD_RUN (1u << 16)

/* 2.19.6 */
#define IO_BANK0_CTRL(gpio) (0x40014004u + 8u * (gpio))
#define PADS_BANK0(gpio) (0x4001C004u + 4u * (gpio))
#define FUNCTION_UART 2u
#define FUNCTION_PWM 4u
#define FUNCTION_SIO 5u
/* Input enabled, 4 mA, pulled up, Schmitt trigger. */
#define PAD_PULLED_UP 0x5Au

/* 2.3.1.7 */
#define SIO_GPIO_OUT_SET 0xD0000014u
#define SIO_GPIO_OUT_CLR 0xD0000018u
#define SIO_GPIO_OE_SET 0xD0000024u

/* 4.2.8 */
#define UART0_DR 0x40034000u
#define UART0_FR 0x40034018u
#define UART0_IBRD 0x40034024u
#define UART0_FBRD 0x40034028u
#define UART0_LCR_H 0x4003402Cu
#define UART0_CR 0x40034030u
#define UART0_IFLS 0x40034034u
#define UART0_IMSC 0x40034038u
#define UART0_MIS 0x40034040u
#define UART0_ICR 0x40034044u
#define UART_FR_TXFF (1u << 5)
#define UART_FR_RXFE (1u << 4)
#define UART_FR_BUSY (1u << 3)
#define UART_DR_ERRORS 0xF00u
#define UART_INT_RX (1u << 4)
#define UART_INT_TX (1u << 5)
#define UART_INT_RX_TIMEOUT (1u << 6)

/* 4.5.3, slice 7, whose channel A is GPIO 14 */
#define PWM7_CSR 0x4005008Cu
#define PWM7_DIV 0x40050090u
#define PWM7_CC 0x40050098u
#define PWM7_TOP 0x4005009Cu

/* 4.6.5 */
#define TIMER_TIMEHW 0x40054000u
#define TIMER_TIMELW 0x40054004u
#define TIMER_ALARM0 0x40054010u
#define TIMER_TIMERAWL 0x40054028u
#define TIMER_INTR 0x40054034u
#define TIMER_INTE 0x40054038u

/* 4.7.6 */
#define WATCHDOG_CTRL 0x40058000u
#define WATCHDOG_LOAD 0x40058004u
#define WATCHDOG_REASON 0x40058008u
#define WATCHDOG_TICK 0x4005802Cu
#define WATCHDOG_CTRL_ENABLE (1u << 30)

/* 4.9.6 */
#define ADC_CS 0x4004C000u
#define ADC_RESULT 0x4004C004u
#define ADC_CS_EN (1u << 0)
#define ADC_CS_TS_EN (1u << 1)
#define ADC_CS_START_ONCE (1u << 2)
#define ADC_CS_READY (1u << 8)
#define ADC_CS_TEMPERATURE (4u << 12)

/* Cortex-M0+ generic user guide, 4.2 and 4.3 */
#define NVIC_ISER 0xE000E100u
#define NVIC_ICER 0xE000E180u
#define NVIC_IPR(irq) (0xE000E400u + ((irq) & ~3u))
#define SCB_ICSR 0xE000ED04u
#define SCB_ICSR_PENDSVSET (1u << 28)
#define SCB_SHPR3 0xE000ED20u
#define IRQ_TIMER_0 0u
#define IRQ_UART0 20u

#endif

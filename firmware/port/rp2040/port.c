/* The RP2040 on a Raspberry Pi Pico, without an SDK: timer, outputs, sensor, watchdog, work context. */
#include "../port.h"

#include "../../core/clock.h"
#include "../../core/core.h"
#include "board.h"
#include "registers.h"

/* 20 kHz, above what one hears: 125 MHz / 6250; a duty in permille is 6.25 counts. */
#define PWM_COUNTS 6250u
/* Erratum RP2040-E1: the watchdog counts down twice per microsecond. */
#define WATCHDOG_COUNTS_PER_US 2u

static volatile uint16_t sample;
static bool watchdog_runs;
/* Work waits until the core has started: a host that talks to a board in reset must not have it answer half made. */
static volatile bool works;

void timer_handler(void);
void work_handler(void);

void port_start(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    clocks_start();
    resets_release(RESETS_IO_BANK0 | RESETS_PADS_BANK0 | RESETS_TIMER | RESETS_UART0 | RESETS_ADC | RESETS_PWM);
#if PORT_FIRST_US > 0
    REGISTER(TIMER_TIMELW) = PORT_FIRST_US;
    REGISTER(TIMER_TIMEHW) = 0;
#endif

    REGISTER(SIO_GPIO_OUT_CLR) = 1u << GPIO_DUTY | 1u << GPIO_MARKER;
    REGISTER(SIO_GPIO_OE_SET) = 1u << GPIO_DUTY | 1u << GPIO_MARKER;
    REGISTER(IO_BANK0_CTRL(GPIO_DUTY)) = FUNCTION_SIO;
    REGISTER(IO_BANK0_CTRL(GPIO_MARKER)) = FUNCTION_SIO;
    REGISTER(PWM7_DIV) = 1u << 4;
    REGISTER(PWM7_TOP) = PWM_COUNTS - 1u;
    REGISTER(ADC_CS) = ADC_CS_EN | ADC_CS_TS_EN | ADC_CS_TEMPERATURE;

    /* The timer above the UART above work (two bits of priority each, 0 first). */
    REGISTER(NVIC_IPR(IRQ_TIMER_0)) = 0x00u << 8 * (IRQ_TIMER_0 % 4);
    REGISTER(NVIC_IPR(IRQ_UART0)) = 0x40u << 8 * (IRQ_UART0 % 4);
    REGISTER(SCB_SHPR3) = 0xC0u << 16;
    uart_start();
}

void port_timer_start(uint32_t first_us)
{
    REGISTER(TIMER_INTE) = 1u;
    REGISTER(TIMER_ALARM0) = first_us;
    REGISTER(NVIC_ISER) = 1u << IRQ_TIMER_0;
    works = true;
}

void timer_handler(void)
{
    uint32_t next_us;
    REGISTER(TIMER_INTR) = 1u;
    if ((REGISTER(ADC_CS) & ADC_CS_READY) != 0) {
        sample = (uint16_t)REGISTER(ADC_RESULT);
        SET_BITS(ADC_CS) = ADC_CS_START_ONCE;
    }
    /* The alarm compares for equality: an instant that passes while it is written would be 71 minutes away. */
    do {
        next_us = core_tick(port_now_us());
        REGISTER(TIMER_ALARM0) = next_us;
    } while (clock_reached(port_now_us(), next_us));
    work_pend();
}

void work_pend(void)
{
    REGISTER(SCB_ICSR) = SCB_ICSR_PENDSVSET;
}

void work_handler(void)
{
    if (works) {
        core_work();
    }
}

uint32_t port_now_us(void)
{
    return REGISTER(TIMER_TIMERAWL);
}

uint32_t port_lock(void)
{
    uint32_t primask;
    __asm volatile("mrs %0, primask\n cpsid i" : "=r"(primask)::"memory");
    return primask;
}

void port_unlock(uint32_t primask)
{
    __asm volatile("msr primask, %0" ::"r"(primask) : "memory");
}

/* At 0 the pin is a plain low output and the slice stands still: the safe state does not hang on the PWM. */
void port_output(uint8_t channel, uint16_t permille)
{
    (void)channel;
    if (permille == 0) {
        REGISTER(IO_BANK0_CTRL(GPIO_DUTY)) = FUNCTION_SIO;
        REGISTER(PWM7_CSR) = 0;
        return;
    }
    REGISTER(PWM7_CC) = permille * PWM_COUNTS / 1000u;
    REGISTER(PWM7_CSR) = 1;
    REGISTER(IO_BANK0_CTRL(GPIO_DUTY)) = FUNCTION_PWM;
}

/* The chip's own sensor, 4.9.5: 27 degrees at 0.706 V, 1.721 mV less for each degree more; full scale is 3.3 V. */
int32_t port_sample(void)
{
    int32_t microvolts = (int32_t)(sample * (3300000u / 4096u));
    int32_t hundredths = 2700 - (microvolts - 706000) * 10 / 172;
    return hundredths > -4000 && hundredths < 8500 ? hundredths : PORT_NO_SAMPLE;
}

/* 2.17.5: a bit of the ring oscillator, sampled by another clock, is noisy but biased; many of them, mixed, are not. */
uint32_t port_entropy(void)
{
    uint32_t mixed = port_now_us();
    for (uint16_t i = 0; i < 512; i++) {
        mixed = (mixed << 5 | mixed >> 27) ^ (REGISTER(ROSC_RANDOMBIT) & 1u);
        mixed *= 0x9E3779B1u;
    }
    return mixed;
}

enum wire_reset_cause port_reset_cause(void)
{
    uint32_t reason = REGISTER(WATCHDOG_REASON);
    uint32_t chip = REGISTER(CHIP_RESET);
    if ((reason & 1u) != 0) {
        return WIRE_RESET_WATCHDOG;
    }
    if ((reason & 2u) != 0) {
        return WIRE_RESET_SOFTWARE;
    }
    if ((chip & CHIP_RESET_HAD_RUN) != 0) {
        return WIRE_RESET_PIN;
    }
    return (chip & CHIP_RESET_HAD_POR) != 0 ? WIRE_RESET_POWER_ON : WIRE_RESET_UNKNOWN;
}

/* The number is in the flash chip, which can't be asked while the program runs from it. */
uint64_t port_uid(void)
{
    return 0;
}

void port_watchdog_feed(uint32_t timeout_us)
{
    REGISTER(WATCHDOG_LOAD) = timeout_us * WATCHDOG_COUNTS_PER_US;
    if (!watchdog_runs) {
        watchdog_runs = true;
        REGISTER(PSM_WDSEL) = PSM_ALL & ~(PSM_ROSC | PSM_XOSC); /* reset everything but the oscillators, 2.13.4 */
        REGISTER(WATCHDOG_CTRL) = WATCHDOG_CTRL_ENABLE;
    }
}

void port_marker(bool high)
{
    REGISTER(high ? SIO_GPIO_OUT_SET : SIO_GPIO_OUT_CLR) = 1u << GPIO_MARKER;
}

void port_idle(void)
{
    __asm volatile("wfi" ::: "memory");
}

void port_spin(void)
{
}

/* The ATmega328P on an Arduino Uno, 16 MHz, without Arduino's core: time, outputs, sensor, watchdog, work in the main loop. */
#include "../port.h"

#include <avr/interrupt.h>
#include <avr/io.h>
#include <avr/sleep.h>
#include <avr/wdt.h>
#include <util/atomic.h>

#include "../../core/clock.h"
#include "../../core/core.h"
#include "board.h"

/* Timer 1 runs freely at 2 MHz: a round is 2^16 counts of half a microsecond, and no tick may be longer. */
#define ROUND_US 32768u
/* Temperature sensor against the 1.1 V reference (datasheet 24.8); clock 125 kHz, a conversion takes 104 us. */
#define ADC_TEMPERATURE (_BV(REFS1) | _BV(REFS0) | _BV(MUX3))
#define ADC_RUNS (_BV(ADEN) | _BV(ADPS2) | _BV(ADPS1) | _BV(ADPS0))

static volatile uint32_t rounds_us = PORT_FIRST_US; /* of whole rounds */
static volatile bool work;
static volatile uint16_t sample;
static uint32_t boot_count;
static bool watchdog_runs;

void port_start(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    PORTB &= (uint8_t)~_BV(MARKER_PIN);
    DDRB |= _BV(MARKER_PIN);
    PORTD &= (uint8_t)~_BV(DUTY_PIN);
    DDRD |= _BV(DUTY_PIN);
    /* Timer 2: phase-correct PWM of 8 bits without prescaler, 31.4 kHz, above what one hears. The pin is not yet its own. */
    TCCR2A = _BV(WGM20);
    TCCR2B = _BV(CS20);
    TCCR1A = 0;
    TCCR1B = _BV(CS11);
    TIMSK1 = _BV(TOIE1);
    ADMUX = ADC_TEMPERATURE;
    ADCSRA = ADC_RUNS;
    SMCR = _BV(SE); /* the mode that wakes at once: idle */
    boot_count = boots_count();
    uart_start();
    sei();
}

void port_timer_start(uint32_t first_us)
{
    OCR1A = (uint16_t)(first_us << 1);
    TIFR1 = _BV(OCF1A);
    TIMSK1 |= _BV(OCIE1A);
}

ISR(TIMER1_OVF_vect)
{
    rounds_us += ROUND_US;
}

/* Takes 20 us, and the UART cannot wait for that: other interrupts come in between, this one does not. */
ISR(TIMER1_COMPA_vect)
{
    uint32_t next_us;
    TIMSK1 = _BV(TOIE1);
    sei();
    if ((ADCSRA & _BV(ADSC)) == 0) {
        sample = ADC;
        ADCSRA = ADC_RUNS | _BV(ADSC);
    }
    /* It compares for equality: an instant that passes while it is written would be a round away. */
    do {
        next_us = core_tick(port_now_us());
        ATOMIC_BLOCK(ATOMIC_FORCEON)
        {
            OCR1A = (uint16_t)(next_us << 1);
        }
    } while (clock_reached(port_now_us(), next_us));
    work = true;
    cli();
    TIMSK1 = _BV(TOIE1) | _BV(OCIE1A);
}

uint32_t port_now_us(void)
{
    uint32_t whole_us;
    uint16_t count;
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
    {
        count = TCNT1;
        whole_us = rounds_us;
        /* A round that ended while interrupts were masked. */
        if ((TIFR1 & _BV(TOV1)) != 0 && count < 0x8000u) {
            whole_us += ROUND_US;
        }
    }
    return whole_us + (count >> 1);
}

uint32_t port_lock(void)
{
    uint8_t state = SREG;
    cli();
    return state;
}

void port_unlock(uint32_t state)
{
    __asm volatile("" ::: "memory");
    SREG = (uint8_t)state;
}

/* At 0 the pin is a plain low output: the safe state does not hang on the PWM. */
void port_output(uint8_t channel, uint16_t permille)
{
    (void)channel;
    if (permille == 0) {
        TCCR2A = _BV(WGM20);
        return;
    }
    OCR2B = (uint8_t)((permille * 65u + 300u) >> 8); /* 255 for 1000, without a division */
    TCCR2A = _BV(WGM20) | _BV(COM2B1);
}

/*
 * One count is 1.074 mV, and a degree 1.06 mV (datasheet table 24-2: 314 mV at 25 degrees): 101.34 hundredths a count, as
 * 25943 / 256. Uncalibrated it is ten degrees off at most.
 */
int32_t port_sample(void)
{
    uint16_t counts;
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
    {
        counts = sample;
    }
    int32_t hundredths = (counts * 25943l >> 8) - 27124;
    return hundredths > -4000 && hundredths < 8500 ? hundredths : PORT_NO_SAMPLE;
}

/* No two boots share a number that is counted; there is nothing on this chip that would be noisy enough. */
uint32_t port_entropy(void)
{
    return boot_count;
}

/* The chip has no number. */
uint64_t port_uid(void)
{
    return 0;
}

/* The shortest of the watchdog's times (16 ms and doubled) that is not shorter; it counts by an oscillator of its own, +-10 %. */
void port_watchdog_feed(uint32_t timeout_us)
{
    if (!watchdog_runs) {
        uint8_t doubled = WDTO_15MS;
        while (doubled < WDTO_2S && 16384ul << doubled < timeout_us) {
            doubled++;
        }
        watchdog_runs = true;
        wdt_enable(doubled);
    }
    wdt_reset();
}

void port_marker(bool high)
{
    if (high) {
        PORTB |= _BV(MARKER_PIN);
    } else {
        PORTB &= (uint8_t)~_BV(MARKER_PIN);
    }
}

void work_pend(void)
{
    work = true;
}

void port_idle(void)
{
    cli();
    if (!work) {
        sei(); /* takes effect behind the next instruction: no interrupt comes between the question and the sleep */
        sleep_cpu();
    }
    sei();
    if (work) {
        work = false;
        core_work();
    }
}

void port_spin(void)
{
}

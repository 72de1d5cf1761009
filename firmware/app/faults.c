#include "faults.h"

#if defined(APP_FAULTS)

#include "../core/transmit.h"
#include "../port/port.h"

enum hang { HANG_NOT, HANG_LOOP, HANG_INTERRUPTS };

static volatile enum hang hang;
static uint32_t overrun_us;
static uint32_t hidden_us;
static uint32_t skips;
static uint32_t floods;

void faults_restart(void)
{
    hang = HANG_NOT;
    overrun_us = 0;
    hidden_us = 0;
    skips = 0;
    floods = 0;
}

static void hold(uint32_t *duration_us)
{
    uint32_t start_us = port_now_us();
    uint32_t wanted_us = *duration_us;
    *duration_us = 0;
    while (port_now_us() - start_us < wanted_us) {
        port_spin();
    }
}

enum wire_answer_code faults_hang(const int32_t *arguments)
{
    (void)arguments;
    hang = HANG_LOOP;
    return WIRE_ANSWER_OK;
}

enum wire_answer_code faults_hang_interrupts(const int32_t *arguments)
{
    (void)arguments;
    hang = HANG_INTERRUPTS;
    return WIRE_ANSWER_OK;
}

enum wire_answer_code faults_overrun(const int32_t *arguments)
{
    overrun_us = (uint32_t)arguments[0];
    return WIRE_ANSWER_OK;
}

enum wire_answer_code faults_hidden(const int32_t *arguments)
{
    hidden_us = (uint32_t)arguments[0];
    return WIRE_ANSWER_OK;
}

enum wire_answer_code faults_skip(const int32_t *arguments)
{
    skips = (uint32_t)arguments[0];
    return WIRE_ANSWER_OK;
}

enum wire_answer_code faults_flood(const int32_t *arguments)
{
    floods = (uint32_t)arguments[0];
    return WIRE_ANSWER_OK;
}

static void flood(void)
{
    if (floods == 0) {
        return;
    }
    floods--;
    /* Delimiters mean nothing to a host, and are the fastest way to fill the ring: the frame of this job finds no room. */
    static const uint8_t delimiter = 0;
    while (transmit_put(&delimiter, sizeof delimiter, 0)) {
    }
}

bool faults_in_job(void)
{
    hold(&overrun_us);
    flood();
    if (skips > 0) {
        skips--;
        return false;
    }
    return true;
}

void faults_after_stamp(void)
{
    hold(&hidden_us);
}

void faults_in_loop(void)
{
    if (hang == HANG_INTERRUPTS) {
        port_lock();
    }
    while (hang != HANG_NOT) {
        if (hang == HANG_LOOP) {
            port_spin();
        }
    }
}

#endif

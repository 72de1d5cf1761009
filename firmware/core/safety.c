#include "safety.h"

#include "../port/flash.h"
#include "../port/port.h"
#include "app.h"
#include "event.h"
#include "heartbeat.h"

static enum wire_arm_state state;
static enum wire_trip_cause trip_cause;

static void outputs_safe(void)
{
    for (uint8_t channel = 0; channel < app_output_count; channel++) {
        port_output(channel, flash_u16(&app_safe_outputs[channel]));
    }
}

void safety_restart(void)
{
    state = WIRE_ARM_DISARMED;
    trip_cause = WIRE_TRIP_NONE;
    outputs_safe();
}

bool safety_armed(void)
{
    return state == WIRE_ARM_ARMED;
}

enum wire_arm_state safety_state(void)
{
    return state;
}

enum wire_trip_cause safety_trip_cause(void)
{
    return trip_cause;
}

enum wire_answer_code safety_arm(void)
{
    if (state == WIRE_ARM_TRIPPED) {
        return WIRE_ANSWER_TRIPPED;
    }
#if !defined(PLANT_BLIND_ARM)
    if (!heartbeat_running(port_now_us())) {
        return WIRE_ANSWER_NO_HEARTBEAT;
    }
#endif
    if (state != WIRE_ARM_ARMED) {
        state = WIRE_ARM_ARMED;
        event_send(WIRE_EVENT_ARMED, WIRE_LEVEL_INFO, 0, FLASH_TEXT("armed"));
    }
    return WIRE_ANSWER_OK;
}

enum wire_answer_code safety_disarm(void)
{
    if (state == WIRE_ARM_TRIPPED) {
        return WIRE_ANSWER_TRIPPED;
    }
    if (state == WIRE_ARM_ARMED) {
        state = WIRE_ARM_DISARMED;
        outputs_safe();
        event_send(WIRE_EVENT_DISARMED, WIRE_LEVEL_INFO, 0, FLASH_TEXT("disarmed"));
    }
    return WIRE_ANSWER_OK;
}

enum wire_answer_code safety_rearm(void)
{
    if (state != WIRE_ARM_TRIPPED) {
        return WIRE_ANSWER_NOT_TRIPPED;
    }
    uint32_t cause = (uint32_t)trip_cause;
    state = WIRE_ARM_DISARMED;
    trip_cause = WIRE_TRIP_NONE;
    event_send(WIRE_EVENT_REARMED, WIRE_LEVEL_INFO, cause, FLASH_TEXT("trip cleared"));
    return WIRE_ANSWER_OK;
}

static const char *cause_text(enum wire_trip_cause cause)
{
    switch (cause) {
    case WIRE_TRIP_HEARTBEAT_LOST:
        return FLASH_TEXT("no acceptable heartbeat within the watchdog's time");
    case WIRE_TRIP_HEARTBEAT_INVALID:
        return FLASH_TEXT("five heartbeats in a row were not acceptable");
    case WIRE_TRIP_FAULT:
        return FLASH_TEXT("the application's own fault latch");
    default:
        return FLASH_TEXT("the host asked for it");
    }
}

void safety_trip(enum wire_trip_cause cause)
{
    outputs_safe();
    if (state == WIRE_ARM_TRIPPED) {
        return;
    }
    state = WIRE_ARM_TRIPPED;
    trip_cause = cause;
    event_send(WIRE_EVENT_TRIP, WIRE_LEVEL_ERROR, (uint32_t)cause, cause_text(cause));
}

void safety_output(uint8_t channel, uint16_t permille)
{
    port_output(channel, state == WIRE_ARM_ARMED ? permille : flash_u16(&app_safe_outputs[channel]));
}

#include "core.h"

#include "../port/port.h"
#include "app.h"
#include "clock.h"
#include "command.h"
#include "heartbeat.h"
#include "receive.h"
#include "release.h"
#include "safety.h"
#include "send.h"
#include "session.h"
#include "status.h"
#include "transmit.h"
#include "wire.h"

/* Shorter than any host's patience, longer than the worst job: a main loop that hangs resets the chip, outputs safe. */
#define HARDWARE_WATCHDOG_US 50000u

#if defined(PLANT_IDLE_WATCHDOG)
#define port_watchdog_feed(timeout_us) ((void)(timeout_us))
#endif

static uint32_t fed_tick;

void core_start(void)
{
    uint32_t tick_us = app_tick_us();
    clock_restart();
    transmit_restart();
    receive_restart();
    send_restart();
    heartbeat_restart();
    safety_restart();
    app_start();
    session_restart();
    /* On a whole multiple of the period, and far enough ahead for what follows here. */
    uint32_t first_us = (port_now_us() / tick_us + 2u) * tick_us;
    status_restart(first_us + 1000000u);
    release_restart(first_us, tick_us);
    fed_tick = 0;
    port_timer_start(first_us);
    port_watchdog_feed(HARDWARE_WATCHDOG_US);
}

uint32_t core_tick(uint32_t now_us)
{
    return release_tick(now_us);
}

bool core_receive(uint8_t byte, uint32_t now_us)
{
    return receive_byte(byte, now_us);
}

void core_receive_error(void)
{
    receive_error();
}

int16_t core_transmit_next(void)
{
    return transmit_next();
}

/* The instant at which the answer's first byte will enter the UART: what is queued before it takes a known time. */
static void answer_ping(const struct wire_ping *ping, uint32_t received_us)
{
    if (ping->session != session_tag()) {
        receive_error();
        return;
    }
    uint16_t ahead = transmit_ahead();
    uint64_t now_us = clock_us64();
    struct wire_pong pong = {
        .session = ping->session,
        .id = ping->id,
        .rx_us = received_us,
        .tx_us = (uint32_t)now_us + ahead * port_byte_ns() / 1000u,
        .queue_bytes = ahead,
        .device_us = now_us,
    };
    send_message(WIRE_ID_PONG, &pong);
}

/* Needs no session of its own: whoever can form this message may stop the machine. */
static void make_safe(const struct wire_safe *safe)
{
    bool known = safe->cause >= WIRE_TRIP_HOST_SAFE && safe->cause <= WIRE_TRIP_FOREIGN_FRAMES;
    safety_trip(known ? (enum wire_trip_cause)safe->cause : WIRE_TRIP_HOST_SAFE);
}

static void dispatch(const struct wire_host_message *message, const struct receive_slot *slot)
{
    switch (message->id) {
    case WIRE_ID_HELLO:
        session_hello(&message->body.hello, slot->text);
        break;
    case WIRE_ID_DESCRIBE:
        session_describe(&message->body.describe);
        break;
    case WIRE_ID_START:
        session_start(&message->body.start);
        break;
    case WIRE_ID_PING:
        answer_ping(&message->body.ping, slot->end_us);
        break;
    case WIRE_ID_HEARTBEAT:
        heartbeat_receive(&message->body.heartbeat, slot->end_us);
        break;
    case WIRE_ID_COMMAND:
        command_receive(&message->body.command);
        break;
    case WIRE_ID_SAFE:
        make_safe(&message->body.safe);
        break;
    default:
        break;
    }
}

static bool run_message(void)
{
    static struct wire_host_message message;
    struct receive_slot *slot = receive_take();
    if (slot == 0) {
        return false;
    }
    uint8_t *bytes = slot->bytes + slot->start;
    bool good = slot->text ? wire_decode_text(bytes, slot->length, &message)
                           : wire_decode_binary(bytes, slot->length, &message);
    if (good) {
        dispatch(&message, slot);
    } else {
        receive_error();
    }
    receive_done();
    return true;
}

void core_work(void)
{
    while (release_run() || run_message()) {
    }
    clock_us64(); /* sees every wrap, because a tick is far shorter than 71 minutes */
    status_send_if_due(port_now_us());
    session_send_description();
}

void core_loop(void)
{
    uint32_t tick = release_ticks();
    if (tick != fed_tick) {
        fed_tick = tick;
        port_watchdog_feed(HARDWARE_WATCHDOG_US);
    }
    status_loop();
    app_loop();
}

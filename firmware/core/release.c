#include "release.h"

#include "../port/flash.h"
#include "../port/port.h"
#include "app.h"
#include "clock.h"
#include "heartbeat.h"
#include "safety.h"
#include "send.h"
#include "session.h"
#include "status.h"
#include "transmit.h"

#define MONITOR_PERIOD_US 100000

/* Of the first frame; near the wrap in the *-wrap images. */
#ifndef RELEASE_FIRST_SEQ
#define RELEASE_FIRST_SEQ 0u
#endif

struct stream {
    uint32_t seq;         /* of the next frame */
    uint32_t next_tick;   /* of its next release */
    uint32_t monitor_us;  /* release of the last frame that the monitor showed */
    uint8_t skipped;
    uint8_t dropped;
    bool overran;
    bool shown;
};

static uint32_t tick_us;
/* Written by the interrupt. A release that still waits when the next one is due is replaced: the newest is worth most. */
static volatile uint32_t next_us;
static volatile uint32_t next_index;
static volatile uint32_t due_us;
static volatile uint32_t due_index;
static volatile bool due;

static struct stream streams[APP_STREAMS_MAX];

void release_restart(uint32_t first_us, uint32_t period_us)
{
#if defined(PLANT_SLOW_TICK)
    period_us += period_us * 3u / 100u;
#endif
    tick_us = period_us;
    next_us = first_us;
    next_index = 0;
    due = false;
    for (uint8_t i = 0; i < app_stream_count; i++) {
        streams[i] = (struct stream){.seq = RELEASE_FIRST_SEQ};
    }
}

uint32_t release_tick(uint32_t now_us)
{
    int32_t behind_us = clock_since_us(now_us, next_us);
    if (behind_us < 0) {
        return next_us;
    }
    if (behind_us >= (int32_t)tick_us) {
        uint32_t missed = (uint32_t)behind_us / tick_us;
        next_us += missed * tick_us;
        next_index += missed;
    }
    due_us = next_us;
    due_index = next_index;
    due = true;
    next_us += tick_us;
    next_index++;
#if defined(PLANT_SLOW_INTERRUPT)
    while (next_index == 1500 && clock_since_us(port_now_us(), due_us) < 1500) {
    }
#endif
    return next_us;
}

uint32_t release_ticks(void)
{
    uint32_t state = port_lock();
    uint32_t ticks = next_index;
    port_unlock(state);
    return ticks;
}

static bool take(uint32_t *release_us, uint32_t *index)
{
    uint32_t state = port_lock();
    bool taken = due;
    *release_us = due_us;
    *index = due_index;
    due = false;
    port_unlock(state);
    return taken;
}

/* Whether the stream has a release in this tick; counts those that fell into ticks that were not run. */
static bool stream_due(struct stream *stream, uint16_t ticks, uint32_t index)
{
    uint32_t behind = index - stream->next_tick;
    if (behind > UINT32_MAX / 2) {
        return false;
    }
    if (behind == 0) {
        stream->next_tick += ticks;
        return true; /* as a rule; a division costs a small chip 40 us */
    }
    uint32_t missed = behind / ticks;
    bool now = behind % ticks == 0;
    uint32_t skipped = now ? missed : missed + 1;
    stream->skipped = (uint8_t)(stream->skipped + skipped);
    stream->next_tick += (missed + 1) * ticks;
    return now;
}

static bool frame_wanted(struct stream *stream, uint32_t release_us)
{
    if (session_streaming()) {
        return true;
    }
    if (!session_monitoring() ||
        (stream->shown && clock_since_us(release_us, stream->monitor_us) < MONITOR_PERIOD_US)) {
        return false;
    }
    stream->shown = true;
    stream->monitor_us = release_us;
    return true;
}

static uint8_t flags_of(const struct stream *stream)
{
    enum wire_arm_state state = safety_state();
    return (uint8_t)((state == WIRE_ARM_ARMED ? WIRE_FLAG_ARMED : 0) |
                     (state == WIRE_ARM_TRIPPED ? WIRE_FLAG_TRIPPED : 0) | (stream->overran ? WIRE_FLAG_OVERRUN : 0));
}

static void send_frame(uint8_t i, const struct app_stream *declared, uint32_t release_us, uint32_t start_us)
{
    static int32_t raw[APP_VALUES_MAX];
    struct stream *stream = &streams[i];
#if defined(PLANT_LOST_FRAME)
    if (stream->seq % 100000u == 2500u) {
        stream->seq++;
        return;
    }
#endif
#if defined(PLANT_STUCK_SEQUENCE)
    if (stream->seq == UINT32_MAX) {
        stream->seq--;
    }
#endif
    uint32_t encode_us = port_now_us();
    struct wire_data data = {
        .session = session_tag(),
        .stream = declared->id,
        .seq = stream->seq++,
        .release_us = release_us,
        .late_us = clock_saturate_us(clock_since_us(start_us, release_us)),
        .exec_us = clock_saturate_us(clock_since_us(encode_us, start_us)),
        .queue_bytes = transmit_ahead(),
        .flags = flags_of(stream),
        .skipped = stream->skipped,
        .dropped = stream->dropped,
    };
    struct wire_values values = {declared->types, raw, declared->value_count};
    app_read(i, raw);
    if (frame_wanted(stream, release_us) && !send_data(&data, &values)) {
#if !defined(PLANT_SILENT_DROPS)
        stream->dropped = (uint8_t)(stream->dropped + 1u);
#endif
    }
    status_job(data.exec_us, clock_saturate_us(clock_since_us(port_now_us(), encode_us)));
}

static void run_stream(uint8_t i, const struct app_stream *declared, uint32_t release_us)
{
    struct stream *stream = &streams[i];
    uint32_t start_us = port_now_us();
    if (!app_step(i, release_us)) {
        stream->skipped = (uint8_t)(stream->skipped + 1u);
        return;
    }
    send_frame(i, declared, release_us, start_us);
    stream->overran = clock_reached(port_now_us(), release_us + tick_us * declared->ticks);
    if (stream->overran) {
        status_overrun();
    }
}

bool release_run(void)
{
    uint32_t release_us;
    uint32_t index;
    if (!take(&release_us, &index)) {
        return false;
    }
    port_marker(true);
    /* First of all: a watchdog that expires in this tick makes the outputs safe before the controller runs. */
    heartbeat_check(port_now_us());
    for (uint8_t i = 0; i < app_stream_count; i++) {
        struct app_stream declared;
        flash_copy(&declared, &app_streams[i], sizeof declared);
        if (stream_due(&streams[i], declared.ticks, index)) {
            run_stream(i, &declared, release_us);
        }
    }
    port_marker(false);
    return true;
}

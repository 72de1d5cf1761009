#include "bench.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "../core/app.h"
#include "../core/core.h"
#include "../core/crc32.h"
#include "../core/safety.h"
#include "../core/session.h"
#include "../port/port.h"

struct bench bench;
static uint32_t heartbeat_counter;
static uint32_t command_counter;

void bench_boot(uint32_t start_us)
{
    memset(&bench, 0, sizeof bench);
    bench.now_us = start_us - 2 * BENCH_TICK_US;
    bench.entropy = 0x12345678;
    bench.has_sample = true;
    heartbeat_counter = 0;
    command_counter = 0;
    core_start();
    bench.now_us = bench.next_tick_us; /* the first release is due */
    bench_listen();
}

void bench_ticks(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        bench.now_us = bench.next_tick_us;
        bench.next_tick_us = core_tick(bench.now_us);
        core_work();
        core_loop();
        bench_heard("");
    }
}

void bench_bytes(const uint8_t *bytes, uint32_t length)
{
    for (uint32_t i = 0; i < length; i++) {
        if (core_receive(bytes[i], bench.now_us)) {
            core_work();
        }
    }
}

void bench_say(const char *format, ...)
{
    char body[300];
    char line[320];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(body, sizeof body, format, arguments);
    va_end(arguments);
    length = snprintf(line, sizeof line, "!%s*%08X\n", body, crc32((const uint8_t *)body, (uint16_t)length));
    bench_bytes((const uint8_t *)line, (uint32_t)length);
}

bool bench_heard(const char *text)
{
    int16_t byte;
    while ((byte = core_transmit_next()) >= 0) {
        if (bench.heard_bytes < sizeof bench.heard - 1) {
            bench.heard[bench.heard_bytes++] = byte == 0 ? '|' : (char)byte;
        }
    }
    bench.heard[bench.heard_bytes] = 0;
    return strstr(bench.heard, text) != 0;
}

void bench_listen(void)
{
    bench_heard("");
    bench.heard_bytes = 0;
    bench.heard[0] = 0;
}

void bench_stream(void)
{
    bench_say("HELLO,01,01,CAFE0001");
    bench_say("START,%04X,00", session_tag());
    bench_listen();
}

uint32_t bench_heartbeat_counter(void)
{
    return ++heartbeat_counter;
}

void bench_heartbeat(void)
{
    bench_say("HB,%04X,%08X,00,%08X", session_tag(), bench_heartbeat_counter(), bench.now_us);
}

void bench_command(const char *name_and_arguments)
{
    bench_listen();
    bench_say("CMD,%04X,%08X,00000001,%08X,%s", session_tag(), ++command_counter, bench.now_us + 1000,
              name_and_arguments);
    bench_heard("");
}

void bench_arm(void)
{
    bench_stream();
    bench_heartbeat();
    bench_command("arm,00");
    bench_listen();
}

/* --- port --- */

void port_start(int argc, char **argv)
{
    (void)argc;
    (void)argv;
}

void port_timer_start(uint32_t first_us)
{
    bench.next_tick_us = first_us;
}

uint32_t port_now_us(void)
{
    return bench.now_us;
}

uint32_t port_lock(void)
{
    return 0;
}

void port_unlock(uint32_t state)
{
    (void)state;
}

void port_transmit_kick(void)
{
}

uint16_t port_transmit_pending(void)
{
    return bench.uart_bytes;
}

uint32_t port_byte_ns(void)
{
    return 10000;
}

void port_output(uint8_t channel, uint16_t permille)
{
    (void)channel;
    bench.output = permille;
}

int32_t port_sample(void)
{
    return PORT_NO_SAMPLE;
}

uint32_t port_entropy(void)
{
    return bench.entropy;
}

enum wire_reset_cause port_reset_cause(void)
{
    return WIRE_RESET_WATCHDOG;
}

uint64_t port_uid(void)
{
    return 0x1122334455667788u;
}

void port_watchdog_feed(uint32_t timeout_us)
{
    (void)timeout_us;
    bench.feeds++;
}

void port_marker(bool high)
{
    (void)high;
}

void port_idle(void)
{
}

void port_spin(void)
{
}

/* --- application: one stream in every tick, one in every fifth --- */

static const uint8_t types[] = {WIRE_VALUE_I16};
const struct app_stream app_streams[] = {{0, 1, 1, types}, {3, 1, 5, types}};
const uint8_t app_stream_count = 2;

static enum wire_answer_code run(const int32_t *arguments)
{
    bench.commands++;
    bench.argument = arguments[0];
    return WIRE_ANSWER_OK;
}

const struct app_command app_commands[] = {{"set", 1, false, -10, 10, run}, {"move", 1, true, 0, 10, run}};
const uint8_t app_command_count = 2;
const uint16_t app_safe_outputs[] = {7};
const uint8_t app_output_count = 1;
const char app_version[] = "bench 1";

const uint8_t *app_descriptor(uint16_t *bytes)
{
    static const char text[] = "{\"name\":\"a descriptor that is longer than one chunk of forty-eight\"}";
    *bytes = sizeof text - 1;
    return (const uint8_t *)text;
}

uint32_t app_tick_us(void)
{
    return BENCH_TICK_US;
}

uint32_t app_watchdog_us(void)
{
    return BENCH_WATCHDOG_US;
}

void app_start(void)
{
}

bool app_step(uint8_t stream, uint32_t release_us)
{
    (void)stream;
    (void)release_us;
    bench.now_us += bench.job_us;
    safety_output(0, bench.wanted);
    return bench.has_sample;
}

void app_read(uint8_t stream, int32_t *raw)
{
    (void)stream;
    raw[0] = -2;
}

void app_loop(void)
{
}

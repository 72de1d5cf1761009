#include "../core/safety.h"
#include "../core/session.h"
#include "bench.h"
#include "harness.h"

static void outputs_are_safe_while_disarmed(void)
{
    bench_boot(10000);
    bench.wanted = 500;
    bench_ticks(5);
    CHECK_EQUAL(bench.output, 7);
}

static void arm_needs_a_heartbeat(void)
{
    bench_boot(10000);
    bench_stream();
    bench_command("arm,00");
    CHECK(bench_heard("$NACK,") && bench_heard(",09*"));
    CHECK(!safety_armed());
}

static void an_armed_board_drives_its_output(void)
{
    bench_boot(10000);
    bench_arm();
    bench.wanted = 500;
    bench_ticks(1);
    CHECK_EQUAL(bench.output, 500);
}

static void disarm_makes_safe_at_once(void)
{
    bench_boot(10000);
    bench_arm();
    bench.wanted = 500;
    bench_ticks(1);
    bench_command("disarm,00");
    CHECK_EQUAL(bench.output, 7);
    CHECK_EQUAL(safety_state(), WIRE_ARM_DISARMED);
}

static void the_watchdog_expires_at_the_exact_tick(void)
{
    bench_boot(10000);
    bench_ticks(1);
    bench_arm();
    bench.wanted = 500;
    bench_ticks(BENCH_WATCHDOG_US / BENCH_TICK_US - 1);
    CHECK(safety_armed());
    CHECK_EQUAL(bench.output, 500);
    bench_ticks(1);
    CHECK_EQUAL(safety_state(), WIRE_ARM_TRIPPED);
    CHECK_EQUAL(safety_trip_cause(), WIRE_TRIP_HEARTBEAT_LOST);
    CHECK_EQUAL(bench.output, 7);
}

static void a_heartbeat_in_time_keeps_it_armed(void)
{
    bench_boot(10000);
    bench_arm();
    for (int i = 0; i < 50; i++) {
        bench_ticks(99);
        bench_heartbeat();
    }
    CHECK(safety_armed());
}

static void heartbeat(uint32_t counter, uint32_t echo_us)
{
    bench_say("HB,%04X,%08X,01,%08X", session_tag(), counter, echo_us);
}

static void a_heartbeat_whose_counter_does_not_rise_does_not_count(void)
{
    bench_boot(10000);
    bench_arm();
    for (int i = 0; i < 4; i++) {
        bench_ticks(24);
        heartbeat(1, bench.now_us);
    }
    bench_ticks(5);
    CHECK_EQUAL(safety_trip_cause(), WIRE_TRIP_HEARTBEAT_LOST);
}

static void a_heartbeat_with_a_stale_echo_does_not_count(void)
{
    bench_boot(200000);
    bench_arm();
    bench_ticks(50);
    heartbeat(bench_heartbeat_counter(), bench.now_us - BENCH_WATCHDOG_US);
    bench_ticks(51);
    CHECK_EQUAL(safety_trip_cause(), WIRE_TRIP_HEARTBEAT_LOST);
}

/* A half-open line: heartbeats go on, but the host has not heard of us since. */
static void the_watchdogs_time_counts_from_the_echo(void)
{
    bench_boot(200000);
    bench_arm();
    uint32_t last_seen_us = bench.now_us;
    for (int i = 0; i < 4; i++) {
        bench_ticks(24);
        heartbeat(bench_heartbeat_counter(), last_seen_us);
        CHECK(safety_armed());
    }
    bench_ticks(5);
    CHECK_EQUAL(safety_trip_cause(), WIRE_TRIP_HEARTBEAT_LOST);
}

static void a_heartbeat_with_an_echo_from_the_future_does_not_count(void)
{
    bench_boot(200000);
    bench_arm();
    bench_ticks(50);
    heartbeat(bench_heartbeat_counter(), bench.now_us + 1);
    bench_ticks(51);
    CHECK_EQUAL(safety_trip_cause(), WIRE_TRIP_HEARTBEAT_LOST);
}

static void the_fifth_invalid_heartbeat_in_a_row_trips(void)
{
    bench_boot(10000);
    bench_arm();
    for (int i = 0; i < 4; i++) {
        heartbeat(1, bench.now_us);
    }
    CHECK(safety_armed());
    bench_heartbeat();
    for (int i = 0; i < 4; i++) {
        heartbeat(1, bench.now_us);
    }
    CHECK(safety_armed());
    heartbeat(1, bench.now_us);
    CHECK_EQUAL(safety_trip_cause(), WIRE_TRIP_HEARTBEAT_INVALID);
    CHECK_EQUAL(bench.output, 7);
}

static void an_old_heartbeat_does_not_become_young_when_time_wraps(void)
{
    bench_boot(10000);
    bench_stream();
    bench_heartbeat();
    uint32_t then_us = bench.now_us;
    bench_ticks(200);
    bench.now_us = then_us + 1000; /* 71 minutes later */
    bench_command("arm,00");
    CHECK(bench_heard("$NACK,"));
}

static void a_trip_is_latched_until_rearm(void)
{
    bench_boot(10000);
    bench_arm();
    bench_ticks(150);
    bench_heartbeat();
    bench_command("arm,00");
    CHECK(bench_heard(",06*"));
    bench_command("rearm,00");
    CHECK(bench_heard("$ACK,"));
    CHECK_EQUAL(safety_state(), WIRE_ARM_DISARMED);
    bench_command("rearm,00");
    CHECK(bench_heard(",07*"));
    bench_command("arm,00");
    CHECK(safety_armed());
}

static void a_trip_outlives_a_new_session(void)
{
    bench_boot(10000);
    bench_arm();
    bench_ticks(150);
    bench_stream();
    CHECK_EQUAL(safety_state(), WIRE_ARM_TRIPPED);
}

static void the_first_cause_stays(void)
{
    bench_boot(10000);
    bench_arm();
    bench_ticks(150);
    bench_say("SAFE,%04X,04", session_tag());
    CHECK_EQUAL(safety_trip_cause(), WIRE_TRIP_HEARTBEAT_LOST);
}

static void safe_works_from_any_session(void)
{
    bench_boot(10000);
    bench_arm();
    bench_say("SAFE,%04X,05", (session_tag() + 1) & 0xFFFF);
    CHECK_EQUAL(safety_trip_cause(), WIRE_TRIP_DATA_STALE);
    CHECK(bench_heard("$EVENT,") && bench_heard(",00000005,"));
}

static void a_cause_that_is_only_the_boards_to_give_becomes_host_safe(void)
{
    bench_boot(10000);
    bench_say("SAFE,0000,01");
    CHECK_EQUAL(safety_trip_cause(), WIRE_TRIP_HOST_SAFE);
}

const struct test safety_tests[] = {
    TEST(outputs_are_safe_while_disarmed),
    TEST(arm_needs_a_heartbeat),
    TEST(an_armed_board_drives_its_output),
    TEST(disarm_makes_safe_at_once),
    TEST(the_watchdog_expires_at_the_exact_tick),
    TEST(a_heartbeat_in_time_keeps_it_armed),
    TEST(a_heartbeat_whose_counter_does_not_rise_does_not_count),
    TEST(a_heartbeat_with_a_stale_echo_does_not_count),
    TEST(the_watchdogs_time_counts_from_the_echo),
    TEST(a_heartbeat_with_an_echo_from_the_future_does_not_count),
    TEST(the_fifth_invalid_heartbeat_in_a_row_trips),
    TEST(an_old_heartbeat_does_not_become_young_when_time_wraps),
    TEST(a_trip_is_latched_until_rearm),
    TEST(a_trip_outlives_a_new_session),
    TEST(the_first_cause_stays),
    TEST(safe_works_from_any_session),
    TEST(a_cause_that_is_only_the_boards_to_give_becomes_host_safe),
    {0, 0},
};

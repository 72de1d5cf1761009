#include <string.h>

#include "../core/clock.h"
#include "../core/core.h"
#include "../core/release.h"
#include "../core/session.h"
#include "../core/transmit.h"
#include "bench.h"
#include "harness.h"

static void a_million_ticks_do_not_drift(void)
{
    bench_boot(0xFFFF0000u); /* wraps on the way */
    uint32_t first_us = bench.next_tick_us;
    for (uint32_t i = 0; i < 1000000; i++) {
        /* The interrupt comes late by up to 700 us, each time by another amount. */
        bench.next_tick_us = core_tick(bench.next_tick_us + i * 7919u % 700u);
    }
    CHECK_EQUAL(bench.next_tick_us, (uint32_t)(first_us + 1000000u * BENCH_TICK_US));
}

static void an_early_interrupt_releases_nothing(void)
{
    bench_boot(10000);
    uint32_t next_us = bench.next_tick_us;
    CHECK_EQUAL(core_tick(next_us - 1), next_us);
    CHECK(!release_run());
}

static void releases_that_were_slept_through_are_skipped_and_counted(void)
{
    bench_boot(10000);
    bench_stream();
    bench_ticks(1);
    bench_listen();
    bench.next_tick_us += 7 * BENCH_TICK_US;
    bench.now_us = bench.next_tick_us;
    bench.next_tick_us = core_tick(bench.now_us);
    core_work();
    char expected[64];
    snprintf(expected, sizeof expected, "$D,%04X,00,00000001,%08X,0000,0000,0000,00,07,00,FFFE", session_tag(),
             bench.now_us);
    CHECK(bench_heard(expected));
}

static void the_newest_release_replaces_one_that_still_waits(void)
{
    bench_boot(10000);
    bench_stream();
    core_tick(10000);
    core_tick(11000);
    bench.now_us = 11005;
    core_work();
    CHECK(bench_heard(",00000000,00002AF8,0005,0000,0000,00,01,00,FFFE"));
    CHECK(!release_run());
}

static void a_slower_stream_runs_in_every_fifth_tick(void)
{
    bench_boot(10000);
    bench_stream();
    bench_ticks(11);
    char expected[32];
    int count = 0;
    snprintf(expected, sizeof expected, "$D,%04X,03,", session_tag());
    for (const char *at = bench.heard; (at = strstr(at, expected)) != 0; at++) {
        count++;
    }
    CHECK_EQUAL(count, 3);
}

static void a_release_without_a_sample_is_skipped(void)
{
    bench_boot(10000);
    bench_stream();
    bench.has_sample = false;
    bench_ticks(3);
    CHECK(!bench_heard("$D"));
    bench.has_sample = true;
    bench_ticks(1);
    CHECK(bench_heard(",00,00000000,"));
    CHECK(bench_heard(",00,03,00,FFFE"));
}

static void a_job_that_runs_into_the_next_release_is_an_overrun(void)
{
    bench_boot(10000);
    bench_stream();
    bench.job_us = 1200;
    bench_ticks(1);
    bench.job_us = 0;
    bench_listen();
    bench_ticks(1);
    CHECK(bench_heard(",0000,04,00,00,FFFE")); /* flags: overrun */
    bench_listen();
    bench_ticks(1);
    CHECK(bench_heard(",0000,00,00,00,FFFE"));
    bench_ticks(1000);
    CHECK(bench_heard("jobs that ran into their next release"));
}

static void lateness_and_execution_are_told(void)
{
    bench_boot(10000);
    bench_stream();
    bench.job_us = 37;
    core_tick(10000);
    bench.now_us = 10012;
    core_work();
    CHECK(bench_heard(",00000000,00002710,000C,0025,"));
}

static void sixteen_bits_saturate(void)
{
    CHECK_EQUAL(clock_saturate_us(65536), 65535);
    CHECK_EQUAL(clock_saturate_us(-3), 0);
}

static void a_frame_that_finds_the_ring_full_is_dropped_and_counted(void)
{
    bench_boot(10000);
    bench_stream();
    for (int i = 0; i < 40; i++) {
        bench.now_us = bench.next_tick_us;
        bench.next_tick_us = core_tick(bench.now_us);
        core_work();
    }
    bench_listen();
    bench_ticks(1);
    const char *frame = strstr(bench.heard, "$D");
    CHECK(frame != 0);
    CHECK(strstr(frame, ",00,00,00,FFFE") == 0); /* the count of drops is not zero */
}

static void the_longest_job_is_told_by_the_next_status_when_one_finds_the_ring_full(void)
{
    static const uint8_t filling = 'x';
    bench_boot(10000);
    bench_stream();
    bench_ticks(10);
    bench.job_us = 777; /* 0309 */
    bench_ticks(1);
    bench.job_us = 0;
    bench_ticks(900);
    bench_listen();
    for (int i = 0; i < 200; i++) { /* over the instant at which a status is due */
        while (transmit_put(&filling, 1, 0)) {
        }
        bench.now_us = bench.next_tick_us;
        bench.next_tick_us = core_tick(bench.now_us);
        core_work();
    }
    CHECK(!bench_heard("$STATUS"));
    bench_listen();
    bench_ticks(1000);
    CHECK(bench_heard("$STATUS"));
    CHECK(bench_heard(",0309,"));
    bench_listen();
    bench_ticks(1000);
    CHECK(!bench_heard(",0309,"));
}

static void time_goes_on_across_its_wrap(void)
{
    bench_boot(0u - 3u * BENCH_TICK_US);
    bench_stream();
    uint64_t before_us = clock_us64();
    bench_ticks(6);
    /* 2^32 is no multiple of 1000: the last release before the wrap is at 2^32 - 296. */
    CHECK(bench_heard(",FFFFFED8,0000,"));
    CHECK(bench_heard(",000002C0,0000,"));
    CHECK(bench_heard(",000006A8,0000,"));
    CHECK_EQUAL(clock_us64() - before_us, 5u * BENCH_TICK_US);
}

static void the_hardware_watchdog_is_fed_only_when_ticks_come(void)
{
    bench_boot(10000);
    bench_ticks(1);
    uint32_t feeds = bench.feeds;
    for (int i = 0; i < 100; i++) {
        core_loop();
    }
    CHECK_EQUAL(bench.feeds, feeds);
    bench_ticks(1);
    CHECK_EQUAL(bench.feeds, feeds + 1);
}

const struct test release_tests[] = {
    TEST(a_million_ticks_do_not_drift),
    TEST(an_early_interrupt_releases_nothing),
    TEST(releases_that_were_slept_through_are_skipped_and_counted),
    TEST(the_newest_release_replaces_one_that_still_waits),
    TEST(a_slower_stream_runs_in_every_fifth_tick),
    TEST(a_release_without_a_sample_is_skipped),
    TEST(a_job_that_runs_into_the_next_release_is_an_overrun),
    TEST(lateness_and_execution_are_told),
    TEST(sixteen_bits_saturate),
    TEST(a_frame_that_finds_the_ring_full_is_dropped_and_counted),
    TEST(the_longest_job_is_told_by_the_next_status_when_one_finds_the_ring_full),
    TEST(time_goes_on_across_its_wrap),
    TEST(the_hardware_watchdog_is_fed_only_when_ticks_come),
    {0, 0},
};

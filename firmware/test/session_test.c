#include <string.h>

#include "../core/session.h"
#include "bench.h"
#include "harness.h"

static int count(const char *text)
{
    int found = 0;
    for (const char *at = bench.heard; (at = strstr(at, text)) != 0; at++) {
        found++;
    }
    return found;
}

static void before_hello_ten_frames_a_second_are_shown(void)
{
    bench_boot(10000);
    bench_ticks(1000);
    CHECK_EQUAL(count("$D,0000,00,"), 10);
    CHECK_EQUAL(count("$D,0000,03,"), 10);
}

static void the_boot_event_tells_the_cause_of_the_reset(void)
{
    bench_boot(10000);
    /* bench_boot threw the line away; a second reset is as good. */
    session_restart();
    CHECK(bench_heard("$EVENT,0000,01,01,"));
    CHECK(bench_heard(",00000003,bench 1*"));
}

static void hello_is_answered_with_the_session(void)
{
    bench_boot(10000);
    bench_say("HELLO,01,01,CAFE0001");
    CHECK(bench_heard("$SESSION,01,12345678,03,"));
    CHECK(bench_heard(",CAFE0001,1122334455667788*"));
}

static void hello_of_another_protocol_is_refused(void)
{
    bench_boot(10000);
    bench_say("HELLO,02,03,CAFE0001");
    CHECK(bench_heard("$NACK,0000,00000000,0A*"));
    CHECK(session_monitoring());
}

static void the_tag_depends_on_boot_and_nonce_and_is_never_zero(void)
{
    bench_boot(10000);
    bench_say("HELLO,01,01,00000001");
    uint16_t first = session_tag();
    bench_say("HELLO,01,01,00000002");
    CHECK(session_tag() != first);
    for (uint32_t nonce = 0; nonce < 200000; nonce++) {
        struct wire_hello hello = {1, 1, nonce};
        session_hello(&hello, true);
        CHECK(session_tag() != WIRE_SESSION_NONE);
        bench_listen();
    }
}

static void between_hello_and_start_no_frames_come(void)
{
    bench_boot(10000);
    bench_say("HELLO,01,01,CAFE0001");
    bench_ticks(500);
    CHECK_EQUAL(count("$D"), 0);
}

static void start_begins_the_streams_and_is_answered_in_the_old_encoding(void)
{
    bench_boot(10000);
    bench_say("HELLO,01,01,CAFE0001");
    bench_say("START,%04X,01", session_tag());
    bench_listen();
    bench_say("HELLO,01,01,CAFE0002");
    bench_listen();
    bench_say("START,%04X,01", session_tag());
    CHECK(bench_heard("$STARTED,"));
    bench_listen();
    bench_ticks(1);
    CHECK_EQUAL(bench.heard[0], '|');
}

static void start_of_another_session_is_ignored(void)
{
    bench_boot(10000);
    bench_say("HELLO,01,01,CAFE0001");
    bench_say("START,%04X,00", session_tag() ^ 1);
    CHECK(!session_streaming());
}

static void the_descriptor_comes_in_chunks_and_ends_empty(void)
{
    bench_boot(10000);
    bench_stream();
    bench_say("DESCRIBE,0000,FF");
    char chunk[200];
    snprintf(chunk, sizeof chunk, "$DESC,%04X,0000,7B226E616D65223A", session_tag());
    CHECK(bench_heard(chunk));
    CHECK_EQUAL(strlen(bench.heard), strlen("$DESC,0000,0000,*00000000\n") + 2 * 48);
    bench_listen();
    bench_say("DESCRIBE,0030,30");
    bench_heard("");
    CHECK_EQUAL(strlen(bench.heard), strlen("$DESC,0000,0000,*00000000\n") + 2 * 20);
    bench_listen();
    bench_say("DESCRIBE,FFFF,30");
    snprintf(chunk, sizeof chunk, "$DESC,%04X,FFFF,*", session_tag());
    CHECK(bench_heard(chunk));
}

static void a_second_host_is_refused_while_armed(void)
{
    bench_boot(10000);
    bench_arm();
    uint16_t tag = session_tag();
    bench_say("HELLO,01,01,0BAD0BAD");
    CHECK(bench_heard(",00000000,05*"));
    CHECK(bench_heard(",0BAD0BAD,hello from a second host"));
    CHECK_EQUAL(session_tag(), tag);
}

static void a_ping_is_answered_with_its_times(void)
{
    bench_boot(10000);
    bench_stream();
    bench.uart_bytes = 3;
    bench.now_us = 20000;
    bench_say("PING,%04X,00000009,00000000,00000000,0000,0000000000000000", session_tag());
    CHECK(bench_heard(",00000009,00004E20,00004E3E,0003,0000000000004E20*"));
}

static void ping_and_pong_are_equally_long(void)
{
    CHECK_EQUAL(WIRE_PING_BYTES, WIRE_PONG_BYTES);
}

static void a_command_is_executed_once_and_answered_twice(void)
{
    bench_boot(10000);
    bench_stream();
    for (int i = 0; i < 2; i++) {
        bench_say("CMD,%04X,00000001,00000001,%08X,set,01,FFFFFFFB", session_tag(), bench.now_us);
    }
    CHECK_EQUAL(bench.commands, 1);
    CHECK_EQUAL(bench.argument, -5);
    bench_heard("");
    CHECK_EQUAL(count("$ACK,"), 2);
}

static void a_lower_counter_is_stale(void)
{
    bench_boot(10000);
    bench_stream();
    bench_say("CMD,%04X,00000005,00000001,%08X,set,01,00000001", session_tag(), bench.now_us);
    bench_listen();
    bench_say("CMD,%04X,00000004,00000001,%08X,set,01,00000002", session_tag(), bench.now_us);
    CHECK(bench_heard(",00000004,01*"));
    CHECK_EQUAL(bench.argument, 1);
}

static void counters_start_again_with_a_session(void)
{
    bench_boot(10000);
    bench_stream();
    bench_say("CMD,%04X,00000005,00000001,%08X,set,01,00000001", session_tag(), bench.now_us);
    bench_stream();
    bench_say("CMD,%04X,00000001,00000001,%08X,set,01,00000002", session_tag(), bench.now_us);
    CHECK_EQUAL(bench.argument, 2);
}

static void an_expired_command_is_not_executed(void)
{
    bench_boot(10000);
    bench_stream();
    bench_say("CMD,%04X,00000001,00000001,%08X,set,01,00000001", session_tag(), bench.now_us - 1);
    CHECK(bench_heard(",00000001,02*"));
    CHECK_EQUAL(bench.commands, 0);
}

static void wrong_names_arguments_and_states_are_refused(void)
{
    bench_boot(10000);
    bench_stream();
    bench_command("sets,01,00000001");
    CHECK(bench_heard(",03*"));
    bench_command("set,00");
    CHECK(bench_heard(",04*"));
    bench_command("set,01,0000000B");
    CHECK(bench_heard(",04*"));
    bench_command("arm,01,00000000");
    CHECK(bench_heard(",04*"));
    bench_command("move,01,00000001");
    CHECK(bench_heard(",08*"));
    CHECK_EQUAL(bench.commands, 0);
}

static void a_command_of_another_session_is_ignored(void)
{
    bench_boot(10000);
    bench_stream();
    bench_say("CMD,%04X,00000001,00000001,%08X,set,01,00000001", session_tag() ^ 1, bench.now_us);
    CHECK(!bench_heard("$"));
    CHECK_EQUAL(bench.commands, 0);
}

static void a_status_comes_every_second(void)
{
    bench_boot(10000);
    bench_ticks(5001);
    CHECK_EQUAL(count("$STATUS,0000,"), 5);
}

static void the_maxima_are_of_the_last_second_and_the_sums_of_all(void)
{
    bench_boot(10000);
    bench_stream();
    bench.job_us = 50;
    bench_ticks(1);
    bench.job_us = 0;
    bench_ticks(1000);
    CHECK(bench_heard(",00000064,0000000000001388,0032,"));
    bench_listen();
    bench_ticks(1000);
    CHECK(bench_heard(",00000064,0000000000001388,0000,"));
}

const struct test session_tests[] = {
    TEST(before_hello_ten_frames_a_second_are_shown),
    TEST(the_boot_event_tells_the_cause_of_the_reset),
    TEST(hello_is_answered_with_the_session),
    TEST(hello_of_another_protocol_is_refused),
    TEST(the_tag_depends_on_boot_and_nonce_and_is_never_zero),
    TEST(between_hello_and_start_no_frames_come),
    TEST(start_begins_the_streams_and_is_answered_in_the_old_encoding),
    TEST(start_of_another_session_is_ignored),
    TEST(the_descriptor_comes_in_chunks_and_ends_empty),
    TEST(a_second_host_is_refused_while_armed),
    TEST(a_ping_is_answered_with_its_times),
    TEST(ping_and_pong_are_equally_long),
    TEST(a_command_is_executed_once_and_answered_twice),
    TEST(a_lower_counter_is_stale),
    TEST(counters_start_again_with_a_session),
    TEST(an_expired_command_is_not_executed),
    TEST(wrong_names_arguments_and_states_are_refused),
    TEST(a_command_of_another_session_is_ignored),
    TEST(a_status_comes_every_second),
    TEST(the_maxima_are_of_the_last_second_and_the_sums_of_all),
    {0, 0},
};

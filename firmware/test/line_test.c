/* Bytes in and out: the receive slots and the transmit ring. */
#include <string.h>

#include "../core/receive.h"
#include "../core/send.h"
#include "../core/session.h"
#include "../core/transmit.h"
#include "../core/wire.h"
#include "bench.h"
#include "harness.h"

static void noise_before_a_line_does_not_harm_it(void)
{
    bench_boot(10000);
    bench_bytes((const uint8_t *)"x!y", 3);
    bench_say("HELLO,01,01,00000001");
    CHECK(bench_heard("$SESSION,"));
    CHECK_EQUAL(receive_errors(), 0);
}

static void an_overlong_line_is_counted_once_and_the_next_one_heard(void)
{
    bench_boot(10000);
    for (int i = 0; i < 1000; i++) {
        bench_bytes((const uint8_t *)"z", 1);
    }
    bench_bytes((const uint8_t *)"\n", 1);
    bench_say("HELLO,01,01,00000001");
    CHECK_EQUAL(receive_errors(), 1);
    CHECK(bench_heard("$SESSION,"));
}

static void a_damaged_line_is_counted(void)
{
    bench_boot(10000);
    bench_bytes((const uint8_t *)"!HELLO,01,01,00000001*00000000\n", 31);
    CHECK_EQUAL(receive_errors(), 1);
    CHECK(!bench_heard("$"));
}

static void start_binary(void)
{
    bench_boot(10000);
    bench_say("HELLO,01,01,00000001");
    bench_say("START,%04X,01", session_tag());
    bench_listen();
}

static void text_hello_is_heard_in_binary_and_answered_in_text(void)
{
    start_binary();
    bench_say("HELLO,01,01,00000002");
    CHECK(bench_heard("$SESSION,"));
}

static void text_hello_is_heard_in_binary_after_noise_of_any_length(void)
{
    start_binary();
    for (int i = 0; i < 700; i++) {
        bench_bytes((const uint8_t *)"\x55", 1);
    }
    bench_say("HELLO,01,01,00000002");
    bench_say("HELLO,01,01,00000003");
    CHECK(bench_heard("$SESSION,"));
}

static void a_line_feed_is_data_in_binary(void)
{
    start_binary();
    uint8_t bytes[WIRE_ENCODED_BYTES_MAX];
    struct wire_ping ping = {.session = session_tag(), .id = 0x0A0A0A0A};
    uint16_t length = wire_encode_binary(bytes, WIRE_ID_PING, &ping, 0);
    CHECK(memchr(bytes, '\n', length) != 0);
    bench_bytes(bytes, length);
    CHECK_EQUAL(receive_errors(), 0);
    CHECK(bench_heard("|"));
}

static void binary_to_a_board_in_text_is_counted_and_forgotten(void)
{
    uint8_t bytes[WIRE_ENCODED_BYTES_MAX];
    struct wire_heartbeat heartbeat = {.session = 9, .counter = 1};
    uint16_t length = wire_encode_binary(bytes, WIRE_ID_HEARTBEAT, &heartbeat, 0);
    bench_boot(10000);
    bench_bytes(bytes, length);
    bench_say("HELLO,01,01,00000002");
    CHECK(bench_heard("$SESSION,"));
}

static void messages_that_find_no_free_slot_are_counted(void)
{
    bench_boot(10000);
    for (uint32_t i = 0; i < RECEIVE_SLOTS + 3; i++) {
        receive_byte('a', 1);
        receive_byte('\n', 1);
    }
    CHECK_EQUAL(receive_errors(), 3);
    for (uint32_t i = 0; i < RECEIVE_SLOTS; i++) {
        struct receive_slot *slot = receive_take();
        CHECK(slot != 0 && slot->length == 1 && slot->bytes[0] == 'a');
        receive_done();
    }
    CHECK(receive_take() == 0);
}

static void the_stamp_is_that_of_the_delimiter(void)
{
    bench_boot(10000);
    receive_byte('a', 100);
    receive_byte('\n', 112);
    CHECK_EQUAL(receive_take()->end_us, 112);
}

static void a_full_ring_takes_nothing_of_a_message(void)
{
    static const uint8_t bytes[100] = {1};
    transmit_restart();
    while (transmit_put(bytes, sizeof bytes, 0)) {
    }
    uint16_t used = transmit_used();
    CHECK(!transmit_put(bytes, sizeof bytes, 0));
    CHECK_EQUAL(transmit_used(), used);
    CHECK(transmit_put(bytes, (uint16_t)(TRANSMIT_RING_BYTES - used), 0));
    CHECK_EQUAL(transmit_used(), TRANSMIT_RING_BYTES);
}

static void frames_leave_room_for_answers(void)
{
    static const uint8_t bytes[50] = {1};
    transmit_restart();
    while (transmit_put(bytes, sizeof bytes, TRANSMIT_RESERVE_BYTES)) {
    }
    CHECK(transmit_used() <= TRANSMIT_RING_BYTES - TRANSMIT_RESERVE_BYTES);
    CHECK(transmit_put(bytes, sizeof bytes, 0));
}

static void the_ring_keeps_order_across_its_end(void)
{
    transmit_restart();
    uint8_t next_in = 0;
    uint8_t next_out = 0;
    for (int round = 0; round < 1000; round++) {
        uint8_t bytes[37];
        for (uint8_t i = 0; i < sizeof bytes; i++) {
            bytes[i] = next_in++;
        }
        CHECK(transmit_put(bytes, sizeof bytes, 0));
        for (uint8_t i = 0; i < sizeof bytes; i++) {
            CHECK_EQUAL(transmit_next(), next_out++);
        }
    }
    CHECK_EQUAL(transmit_next(), -1);
}

static void what_the_uart_holds_is_ahead_too(void)
{
    static const uint8_t bytes[5] = {1};
    transmit_restart();
    bench.uart_bytes = 32;
    CHECK(transmit_put(bytes, sizeof bytes, 0));
    CHECK_EQUAL(transmit_ahead(), 37);
    bench.uart_bytes = 0;
}

static void the_first_byte_after_silence_is_a_delimiter_in_binary_only(void)
{
    struct wire_started started = {1, 1};
    transmit_restart();
    send_restart();
    send_encode_as(WIRE_ENCODING_BINARY);
    send_message(WIRE_ID_STARTED, &started);
    uint16_t idle = transmit_used();
    send_message(WIRE_ID_STARTED, &started);
    CHECK_EQUAL(transmit_next(), 0);
    CHECK_EQUAL(transmit_used() + 1, 2 * idle - 1);
    transmit_restart();
    send_encode_as(WIRE_ENCODING_TEXT);
    send_message(WIRE_ID_STARTED, &started);
    CHECK_EQUAL(transmit_next(), '$');
}

const struct test line_tests[] = {
    TEST(noise_before_a_line_does_not_harm_it),
    TEST(an_overlong_line_is_counted_once_and_the_next_one_heard),
    TEST(a_damaged_line_is_counted),
    TEST(text_hello_is_heard_in_binary_and_answered_in_text),
    TEST(text_hello_is_heard_in_binary_after_noise_of_any_length),
    TEST(a_line_feed_is_data_in_binary),
    TEST(binary_to_a_board_in_text_is_counted_and_forgotten),
    TEST(messages_that_find_no_free_slot_are_counted),
    TEST(the_stamp_is_that_of_the_delimiter),
    TEST(a_full_ring_takes_nothing_of_a_message),
    TEST(frames_leave_room_for_answers),
    TEST(the_ring_keeps_order_across_its_end),
    TEST(what_the_uart_holds_is_ahead_too),
    TEST(the_first_byte_after_silence_is_a_delimiter_in_binary_only),
    {0, 0},
};

#include <string.h>

#include "../core/cobs.h"
#include "../core/crc32.h"
#include "../core/wire.h"
#include "harness.h"

static void crc_has_the_check_value(void)
{
    CHECK_EQUAL(crc32((const uint8_t *)"123456789", 9), 0x1697D06A);
}

static void crc_byte_by_byte_is_the_same(void)
{
    uint32_t crc = crc32_start();
    crc = crc32_add(crc, 'a');
    crc = crc32_add(crc, 'b');
    CHECK_EQUAL(crc32_end(crc), crc32((const uint8_t *)"ab", 2));
}

static void check_cobs(const uint8_t *in, uint16_t length, uint16_t expected)
{
    uint8_t encoded[1200];
    uint8_t decoded[1200];
    uint16_t written = cobs_encode(in, length, encoded);
    CHECK_EQUAL(written, expected);
    CHECK(memchr(encoded, 0, written) == 0);
    CHECK_EQUAL(cobs_decode(encoded, written, decoded), length);
    CHECK(memcmp(in, decoded, length) == 0);
}

static void cobs_codes_zeros_and_full_runs(void)
{
    uint8_t bytes[1000];
    memset(bytes, 0, sizeof bytes);
    check_cobs(bytes, 1, 2);
    check_cobs(bytes, 3, 4);
    memset(bytes, 0xAB, sizeof bytes);
    check_cobs(bytes, 253, 254);
    check_cobs(bytes, 254, 255);
    check_cobs(bytes, 255, 257);
    check_cobs(bytes, 508, 510);
    bytes[254] = 0;
    check_cobs(bytes, 255, 257);
    check_cobs(bytes, 256, 258);
}

static void cobs_needs_no_more_than_promised(void)
{
    uint8_t bytes[700];
    uint8_t encoded[800];
    memset(bytes, 1, sizeof bytes);
    for (uint16_t length = 1; length < sizeof bytes; length++) {
        CHECK(cobs_encode(bytes, length, encoded) <= COBS_BYTES_MAX(length));
    }
}

static void cobs_refuses_runs_that_end_early_and_zeros(void)
{
    uint8_t out[8];
    CHECK_EQUAL(cobs_decode((const uint8_t *)"\x05\x01\x02", 3, out), 0);
    CHECK_EQUAL(cobs_decode((const uint8_t *)"\x03\x01\x00", 3, out), 0);
    CHECK_EQUAL(cobs_decode((const uint8_t *)"\x00\x01", 2, out), 0);
}

static struct wire_command sample_command(void)
{
    return (struct wire_command){
        .session = 0x5A3C,
        .counter = 2,
        .id = 3,
        .expiry_us = 0xFFFFFFFF,
        .command = {"set", 3},
        .arguments = {{-1, 0x7FFFFFFF}, 2},
    };
}

static void check_decoded_command(const struct wire_host_message *message)
{
    const struct wire_command *command = &message->body.command;
    CHECK_EQUAL(message->id, WIRE_ID_COMMAND);
    CHECK_EQUAL(command->session, 0x5A3C);
    CHECK_EQUAL(command->expiry_us, 0xFFFFFFFF);
    CHECK(command->command.length == 3 && memcmp(command->command.bytes, "set", 3) == 0);
    CHECK_EQUAL(command->arguments.count, 2);
    CHECK_EQUAL(command->arguments.values[0], -1);
    CHECK_EQUAL(command->arguments.values[1], 0x7FFFFFFF);
}

static void text_command_comes_back(void)
{
    uint8_t line[WIRE_ENCODED_BYTES_MAX];
    struct wire_host_message message;
    struct wire_command command = sample_command();
    uint16_t length = wire_encode_text(line, WIRE_ID_COMMAND, &command, 0);
    CHECK(wire_decode_text(line, (uint16_t)(length - 1), &message));
    check_decoded_command(&message);
}

static void binary_command_comes_back(void)
{
    uint8_t bytes[WIRE_ENCODED_BYTES_MAX];
    struct wire_host_message message;
    struct wire_command command = sample_command();
    uint16_t length = wire_encode_binary(bytes, WIRE_ID_COMMAND, &command, 0);
    CHECK(wire_decode_binary(bytes, (uint16_t)(length - 1), &message));
    check_decoded_command(&message);
}

static void carriage_return_before_the_line_feed_is_ignored(void)
{
    uint8_t line[WIRE_ENCODED_BYTES_MAX];
    struct wire_host_message message;
    struct wire_hello hello = {1, 1, 5};
    uint16_t length = wire_encode_text(line, WIRE_ID_HELLO, &hello, 0);
    line[length - 1] = '\r';
    CHECK(wire_decode_text(line, length, &message));
}

/* Every single changed bit of both encodings: refused, and never more than a refusal (ASan and UBSan watch). */
static void no_single_bit_error_is_accepted(void)
{
    uint8_t original[2][WIRE_ENCODED_BYTES_MAX];
    struct wire_host_message message;
    struct wire_command command = sample_command();
    uint16_t lengths[2] = {(uint16_t)(wire_encode_text(original[0], WIRE_ID_COMMAND, &command, 0) - 1),
                           (uint16_t)(wire_encode_binary(original[1], WIRE_ID_COMMAND, &command, 0) - 1)};
    for (uint16_t bit = 0; bit < 8 * lengths[0]; bit++) {
        uint8_t damaged[WIRE_ENCODED_BYTES_MAX];
        memcpy(damaged, original[0], sizeof damaged);
        damaged[bit / 8] ^= (uint8_t)(1u << bit % 8);
        CHECK(!wire_decode_text(damaged, lengths[0], &message));
    }
    for (uint16_t bit = 0; bit < 8 * lengths[1]; bit++) {
        uint8_t damaged[WIRE_ENCODED_BYTES_MAX];
        memcpy(damaged, original[1], sizeof damaged);
        damaged[bit / 8] ^= (uint8_t)(1u << bit % 8);
        CHECK(!wire_decode_binary(damaged, lengths[1], &message));
    }
}

static void random_bytes_are_never_more_than_refused(void)
{
    uint32_t random = 1;
    struct wire_host_message message;
    for (int round = 0; round < 200000; round++) {
        uint8_t bytes[64];
        uint16_t length = (uint16_t)(round % (int)sizeof bytes);
        for (uint16_t i = 0; i < length; i++) {
            random = random * 1664525u + 1013904223u;
            bytes[i] = (uint8_t)(random >> 24);
        }
        CHECK(!wire_decode_binary(bytes, length, &message));
        if (length > 0) {
            bytes[0] = '!';
        }
        CHECK(!wire_decode_text(bytes, length, &message));
    }
}

static void device_messages_are_not_accepted_from_a_host(void)
{
    uint8_t bytes[WIRE_ENCODED_BYTES_MAX];
    struct wire_host_message message;
    struct wire_started started = {1, 1};
    uint16_t length = wire_encode_binary(bytes, WIRE_ID_STARTED, &started, 0);
    CHECK(!wire_decode_binary(bytes, (uint16_t)(length - 1), &message));
}

static void a_line_that_would_be_too_long_is_not_encoded(void)
{
    uint8_t line[WIRE_ENCODED_BYTES_MAX];
    uint8_t types[64];
    int32_t raw[64] = {0};
    memset(types, WIRE_VALUE_I32, sizeof types);
    struct wire_data data = {.session = 1};
    struct wire_values values = {types, raw, 64};
    CHECK_EQUAL(wire_encode_text(line, WIRE_ID_DATA, &data, &values), 0);
    CHECK(wire_encode_binary(line, WIRE_ID_DATA, &data, &values) > 256);
}

const struct test encoding_tests[] = {
    TEST(crc_has_the_check_value),
    TEST(crc_byte_by_byte_is_the_same),
    TEST(cobs_codes_zeros_and_full_runs),
    TEST(cobs_needs_no_more_than_promised),
    TEST(cobs_refuses_runs_that_end_early_and_zeros),
    TEST(text_command_comes_back),
    TEST(binary_command_comes_back),
    TEST(carriage_return_before_the_line_feed_is_ignored),
    TEST(no_single_bit_error_is_accepted),
    TEST(random_bytes_are_never_more_than_refused),
    TEST(device_messages_are_not_accepted_from_a_host),
    TEST(a_line_that_would_be_too_long_is_not_encoded),
    {0, 0},
};

#include "session.h"

#include "../port/flash.h"
#include "../port/port.h"
#include "app.h"
#include "clock.h"
#include "command.h"
#include "crc32.h"
#include "event.h"
#include "heartbeat.h"
#include "receive.h"
#include "safety.h"
#include "send.h"
#include "transmit.h"
#include "wire.h"

enum mode { MODE_MONITOR, MODE_GREETED, MODE_STREAMING };

static enum mode mode;
static uint16_t tag;
static uint32_t boot_id;
static uint32_t descriptor_hash;
static struct wire_describe description;
static bool description_asked;

static uint32_t hash_of(const uint8_t *descriptor, uint16_t bytes)
{
    uint32_t crc = crc32_start();
    for (uint16_t i = 0; i < bytes; i++) {
        crc = crc32_add(crc, flash_u8(descriptor + i));
    }
    return crc32_end(crc);
}

void session_restart(void)
{
    uint16_t bytes;
    const uint8_t *descriptor = app_descriptor(&bytes);
    mode = MODE_MONITOR;
    tag = WIRE_SESSION_NONE;
    boot_id = port_entropy();
    descriptor_hash = hash_of(descriptor, bytes);
    description_asked = false;
    event_send(WIRE_EVENT_BOOT, WIRE_LEVEL_INFO, (uint32_t)port_reset_cause(), app_version);
}

uint16_t session_tag(void)
{
    return tag;
}

bool session_streaming(void)
{
    return mode == MODE_STREAMING;
}

bool session_monitoring(void)
{
    return mode == MODE_MONITOR;
}

/* Low half of the CRC-32 over the three numbers, little-endian; 0 is kept for "no session". */
static uint16_t tag_of(uint32_t host_nonce)
{
    uint32_t parts[3] = {boot_id, descriptor_hash, host_nonce};
    uint32_t crc = crc32_start();
    for (uint8_t i = 0; i < sizeof parts; i++) {
        crc = crc32_add(crc, (uint8_t)(parts[i / 4] >> (8 * (i % 4))));
    }
    uint16_t low = (uint16_t)crc32_end(crc);
    return low == WIRE_SESSION_NONE ? 1 : low;
}

static void refuse(enum wire_answer_code code)
{
    struct wire_nack nack = {.session = tag, .counter = 0, .code = (uint8_t)code};
    send_message(WIRE_ID_NACK, &nack);
}

static void answer_hello(uint32_t host_nonce)
{
    uint16_t descriptor_bytes;
    app_descriptor(&descriptor_bytes);
    struct wire_session answer = {
        .protocol = WIRE_PROTOCOL_VERSION,
        .boot_id = boot_id,
        .reset_cause = (uint8_t)port_reset_cause(),
        .descriptor_hash = descriptor_hash,
        .descriptor_bytes = descriptor_bytes,
        .max_frame = WIRE_SENT_BYTES_MAX,
        .encodings = 1u << WIRE_ENCODING_TEXT | 1u << WIRE_ENCODING_BINARY,
        .device_us = clock_us64(),
        .host_nonce = host_nonce,
        .uid = port_uid(),
    };
    send_message(WIRE_ID_SESSION, &answer);
}

static void encode_as(enum wire_encoding encoding)
{
    send_encode_as(encoding);
    receive_expect(encoding);
}

void session_hello(const struct wire_hello *hello, bool text)
{
    if (safety_armed()) {
        /* In the session's own encoding: it is for the host that has control to see. */
        refuse(WIRE_ANSWER_ARMED_ELSEWHERE);
        event_send(WIRE_EVENT_SECOND_HOST, WIRE_LEVEL_WARNING, hello->host_nonce, FLASH_TEXT("hello from a second host while armed"));
        return;
    }
    encode_as(text ? WIRE_ENCODING_TEXT : WIRE_ENCODING_BINARY);
    if (hello->protocol_min > WIRE_PROTOCOL_VERSION || hello->protocol_max < WIRE_PROTOCOL_VERSION) {
        refuse(WIRE_ANSWER_UNSUPPORTED);
        return;
    }
    mode = MODE_GREETED;
    tag = tag_of(hello->host_nonce);
    description_asked = false;
    heartbeat_restart();
    command_restart();
    answer_hello(hello->host_nonce);
}

void session_describe(const struct wire_describe *describe)
{
    description = *describe;
    description_asked = true;
}

void session_send_description(void)
{
    if (!description_asked || transmit_used() > 0) {
        return;
    }
    uint16_t bytes;
    const uint8_t *descriptor = app_descriptor(&bytes);
    uint16_t offset = description.offset < bytes ? description.offset : bytes;
    uint16_t length = description.length;
    if (length > WIRE_DESCRIPTOR_CHUNK_BYTES_MAX) {
        length = WIRE_DESCRIPTOR_CHUNK_BYTES_MAX;
    }
    if (length > bytes - offset) {
        length = (uint16_t)(bytes - offset);
    }
    struct wire_descriptor chunk = {tag, description.offset, {descriptor + offset, (uint8_t)length}};
    description_asked = false;
    send_message(WIRE_ID_DESCRIPTOR, &chunk);
}

void session_start(const struct wire_start *start)
{
    if (start->session != tag || mode == MODE_MONITOR) {
        receive_error();
        return;
    }
    if (start->encoding > WIRE_ENCODING_BINARY) {
        refuse(WIRE_ANSWER_UNSUPPORTED);
        return;
    }
    struct wire_started answer = {.session = tag, .encoding = start->encoding};
    send_message(WIRE_ID_STARTED, &answer);
    encode_as((enum wire_encoding)start->encoding);
    mode = MODE_STREAMING;
}

/* Generated from src/codec/schema.ts by .ci/generate.mjs. Do not edit. */
#ifndef TAUTLINE_WIRE_GEN_H
#define TAUTLINE_WIRE_GEN_H

#include <stdint.h>

#define WIRE_PROTOCOL_VERSION 1u
#define WIRE_TEXT_LINE_BYTES_MAX 240u
#define WIRE_BINARY_MESSAGE_BYTES_MAX 320u
#define WIRE_BINARY_WIRE_BYTES_MAX 322u
#define WIRE_DESCRIPTOR_BYTES_MAX 4096u
#define WIRE_DESCRIPTOR_CHUNK_BYTES_MAX 48u
#define WIRE_STREAMS_MAX 32u
#define WIRE_SIGNALS_MAX 64u
#define WIRE_TEXT_FIELD_BYTES_MAX 64u
#define WIRE_COMMAND_ARGUMENTS_MAX 4u
#define WIRE_SESSION_NONE 0u
#define WIRE_KIND_BYTES 1u
#define WIRE_CRC_BYTES 4u

enum wire_field_type {
    WIRE_FIELD_U8,
    WIRE_FIELD_U16,
    WIRE_FIELD_U32,
    WIRE_FIELD_U64,
    WIRE_FIELD_TEXT,
    WIRE_FIELD_BYTES,
    WIRE_FIELD_I32S,
};

enum wire_value_type {
    WIRE_VALUE_U8,
    WIRE_VALUE_I8,
    WIRE_VALUE_U16,
    WIRE_VALUE_I16,
    WIRE_VALUE_U32,
    WIRE_VALUE_I32,
};

enum wire_encoding {
    WIRE_ENCODING_TEXT = 0,
    WIRE_ENCODING_BINARY = 1,
};

enum wire_reset_cause {
    WIRE_RESET_UNKNOWN = 0,
    WIRE_RESET_POWER_ON = 1,
    WIRE_RESET_PIN = 2,
    WIRE_RESET_WATCHDOG = 3,
    WIRE_RESET_SOFTWARE = 4,
    WIRE_RESET_BROWN_OUT = 5,
};

enum wire_flag {
    WIRE_FLAG_ARMED = 1,
    WIRE_FLAG_TRIPPED = 2,
    WIRE_FLAG_OVERRUN = 4,
};

enum wire_arm_state {
    WIRE_ARM_DISARMED = 0,
    WIRE_ARM_ARMED = 1,
    WIRE_ARM_TRIPPED = 2,
};

enum wire_trip_cause {
    WIRE_TRIP_NONE = 0,
    WIRE_TRIP_HEARTBEAT_LOST = 1,
    WIRE_TRIP_HEARTBEAT_INVALID = 2,
    WIRE_TRIP_HOST_SAFE = 3,
    WIRE_TRIP_DEADLINE_MISSED = 4,
    WIRE_TRIP_DATA_STALE = 5,
    WIRE_TRIP_FOREIGN_FRAMES = 6,
    WIRE_TRIP_FAULT = 7,
};

enum wire_answer_code {
    WIRE_ANSWER_OK = 0,
    WIRE_ANSWER_STALE = 1,
    WIRE_ANSWER_EXPIRED = 2,
    WIRE_ANSWER_UNKNOWN_COMMAND = 3,
    WIRE_ANSWER_BAD_ARGUMENTS = 4,
    WIRE_ANSWER_ARMED_ELSEWHERE = 5,
    WIRE_ANSWER_TRIPPED = 6,
    WIRE_ANSWER_NOT_TRIPPED = 7,
    WIRE_ANSWER_NOT_ARMED = 8,
    WIRE_ANSWER_NO_HEARTBEAT = 9,
    WIRE_ANSWER_UNSUPPORTED = 10,
};

enum wire_event_code {
    WIRE_EVENT_LOG = 0,
    WIRE_EVENT_BOOT = 1,
    WIRE_EVENT_TRIP = 2,
    WIRE_EVENT_OVERRUN = 3,
    WIRE_EVENT_ARMED = 4,
    WIRE_EVENT_DISARMED = 5,
    WIRE_EVENT_REARMED = 6,
    WIRE_EVENT_SECOND_HOST = 7,
};

enum wire_level {
    WIRE_LEVEL_DEBUG = 0,
    WIRE_LEVEL_INFO = 1,
    WIRE_LEVEL_WARNING = 2,
    WIRE_LEVEL_ERROR = 3,
};

/* Bytes that somebody else owns; in a received message they lie in its receive slot. */
struct wire_text {
    const char *bytes;
    uint8_t length;
};

struct wire_bytes {
    const uint8_t *bytes;
    uint8_t length;
};

struct wire_i32s {
    int32_t values[WIRE_COMMAND_ARGUMENTS_MAX];
    uint8_t count;
};

/*
 * One structure per message, in the order of its fields. WIRE_<NAME>_BYTES counts the kind, the fixed fields and the
 * length of each variable one; WIRE_<NAME>_FIELDS(X) calls X(message, field, TYPE) for each field.
 */
struct wire_data {
    uint16_t session;
    uint8_t stream;
    uint32_t seq;
    uint32_t release_us;
    uint16_t late_us;
    uint16_t exec_us;
    uint16_t queue_bytes;
    uint8_t flags;
    uint8_t skipped;
    uint8_t dropped;
};
#define WIRE_DATA_BYTES 21u
#define WIRE_DATA_FIELDS(X) \
    X(data, session, U16) \
    X(data, stream, U8) \
    X(data, seq, U32) \
    X(data, release_us, U32) \
    X(data, late_us, U16) \
    X(data, exec_us, U16) \
    X(data, queue_bytes, U16) \
    X(data, flags, U8) \
    X(data, skipped, U8) \
    X(data, dropped, U8)

struct wire_status {
    uint16_t session;
    uint64_t device_us;
    uint32_t loops;
    uint32_t exec_count;
    uint32_t exec_sum_us;
    uint64_t exec_sum_squared_us2;
    uint16_t exec_max_us;
    uint16_t send_max_us;
    uint16_t overruns;
    uint16_t receive_errors;
    uint16_t drops;
    uint8_t armed;
    uint8_t trip_cause;
};
#define WIRE_STATUS_BYTES 43u
#define WIRE_STATUS_FIELDS(X) \
    X(status, session, U16) \
    X(status, device_us, U64) \
    X(status, loops, U32) \
    X(status, exec_count, U32) \
    X(status, exec_sum_us, U32) \
    X(status, exec_sum_squared_us2, U64) \
    X(status, exec_max_us, U16) \
    X(status, send_max_us, U16) \
    X(status, overruns, U16) \
    X(status, receive_errors, U16) \
    X(status, drops, U16) \
    X(status, armed, U8) \
    X(status, trip_cause, U8)

struct wire_pong {
    uint16_t session;
    uint32_t id;
    uint32_t rx_us;
    uint32_t tx_us;
    uint16_t queue_bytes;
    uint64_t device_us;
};
#define WIRE_PONG_BYTES 25u
#define WIRE_PONG_FIELDS(X) \
    X(pong, session, U16) \
    X(pong, id, U32) \
    X(pong, rx_us, U32) \
    X(pong, tx_us, U32) \
    X(pong, queue_bytes, U16) \
    X(pong, device_us, U64)

struct wire_session {
    uint8_t protocol;
    uint32_t boot_id;
    uint8_t reset_cause;
    uint32_t descriptor_hash;
    uint16_t descriptor_bytes;
    uint16_t max_frame;
    uint8_t encodings;
    uint64_t device_us;
    uint32_t host_nonce;
    uint64_t uid;
};
#define WIRE_SESSION_BYTES 36u
#define WIRE_SESSION_FIELDS(X) \
    X(session, protocol, U8) \
    X(session, boot_id, U32) \
    X(session, reset_cause, U8) \
    X(session, descriptor_hash, U32) \
    X(session, descriptor_bytes, U16) \
    X(session, max_frame, U16) \
    X(session, encodings, U8) \
    X(session, device_us, U64) \
    X(session, host_nonce, U32) \
    X(session, uid, U64)

struct wire_descriptor {
    uint16_t session;
    uint16_t offset;
    struct wire_bytes data;
};
#define WIRE_DESCRIPTOR_BYTES 6u
#define WIRE_DESCRIPTOR_FIELDS(X) \
    X(descriptor, session, U16) \
    X(descriptor, offset, U16) \
    X(descriptor, data, BYTES)

struct wire_ack {
    uint16_t session;
    uint32_t counter;
    uint8_t code;
};
#define WIRE_ACK_BYTES 8u
#define WIRE_ACK_FIELDS(X) \
    X(ack, session, U16) \
    X(ack, counter, U32) \
    X(ack, code, U8)

struct wire_nack {
    uint16_t session;
    uint32_t counter;
    uint8_t code;
};
#define WIRE_NACK_BYTES 8u
#define WIRE_NACK_FIELDS(X) \
    X(nack, session, U16) \
    X(nack, counter, U32) \
    X(nack, code, U8)

struct wire_event {
    uint16_t session;
    uint8_t code;
    uint8_t level;
    uint32_t device_us;
    uint32_t value;
    struct wire_text text;
};
#define WIRE_EVENT_BYTES 14u
#define WIRE_EVENT_FIELDS(X) \
    X(event, session, U16) \
    X(event, code, U8) \
    X(event, level, U8) \
    X(event, device_us, U32) \
    X(event, value, U32) \
    X(event, text, TEXT)

struct wire_started {
    uint16_t session;
    uint8_t encoding;
};
#define WIRE_STARTED_BYTES 4u
#define WIRE_STARTED_FIELDS(X) \
    X(started, session, U16) \
    X(started, encoding, U8)

struct wire_hello {
    uint8_t protocol_min;
    uint8_t protocol_max;
    uint32_t host_nonce;
};
#define WIRE_HELLO_BYTES 7u
#define WIRE_HELLO_FIELDS(X) \
    X(hello, protocol_min, U8) \
    X(hello, protocol_max, U8) \
    X(hello, host_nonce, U32)

struct wire_describe {
    uint16_t offset;
    uint8_t length;
};
#define WIRE_DESCRIBE_BYTES 4u
#define WIRE_DESCRIBE_FIELDS(X) \
    X(describe, offset, U16) \
    X(describe, length, U8)

struct wire_start {
    uint16_t session;
    uint8_t encoding;
};
#define WIRE_START_BYTES 4u
#define WIRE_START_FIELDS(X) \
    X(start, session, U16) \
    X(start, encoding, U8)

struct wire_ping {
    uint16_t session;
    uint32_t id;
    uint32_t pad0;
    uint32_t pad1;
    uint16_t pad2;
    uint64_t pad3;
};
#define WIRE_PING_BYTES 25u
#define WIRE_PING_FIELDS(X) \
    X(ping, session, U16) \
    X(ping, id, U32) \
    X(ping, pad0, U32) \
    X(ping, pad1, U32) \
    X(ping, pad2, U16) \
    X(ping, pad3, U64)

struct wire_heartbeat {
    uint16_t session;
    uint32_t counter;
    uint8_t armed_echo;
    uint32_t echo_us;
};
#define WIRE_HEARTBEAT_BYTES 12u
#define WIRE_HEARTBEAT_FIELDS(X) \
    X(heartbeat, session, U16) \
    X(heartbeat, counter, U32) \
    X(heartbeat, armed_echo, U8) \
    X(heartbeat, echo_us, U32)

struct wire_command {
    uint16_t session;
    uint32_t counter;
    uint32_t id;
    uint32_t expiry_us;
    struct wire_text command;
    struct wire_i32s arguments;
};
#define WIRE_COMMAND_BYTES 17u
#define WIRE_COMMAND_FIELDS(X) \
    X(command, session, U16) \
    X(command, counter, U32) \
    X(command, id, U32) \
    X(command, expiry_us, U32) \
    X(command, command, TEXT) \
    X(command, arguments, I32S)

struct wire_safe {
    uint16_t session;
    uint8_t cause;
};
#define WIRE_SAFE_BYTES 4u
#define WIRE_SAFE_FIELDS(X) \
    X(safe, session, U16) \
    X(safe, cause, U8)

/* X(message, MESSAGE, kind, word, has values) */
#define WIRE_MESSAGES(X) \
    X(data, DATA, 0x01, "D", 1) \
    X(status, STATUS, 0x02, "STATUS", 0) \
    X(pong, PONG, 0x03, "PONG", 0) \
    X(session, SESSION, 0x04, "SESSION", 0) \
    X(descriptor, DESCRIPTOR, 0x05, "DESC", 0) \
    X(ack, ACK, 0x06, "ACK", 0) \
    X(nack, NACK, 0x07, "NACK", 0) \
    X(event, EVENT, 0x08, "EVENT", 0) \
    X(started, STARTED, 0x09, "STARTED", 0) \
    X(hello, HELLO, 0x41, "HELLO", 0) \
    X(describe, DESCRIBE, 0x42, "DESCRIBE", 0) \
    X(start, START, 0x43, "START", 0) \
    X(ping, PING, 0x44, "PING", 0) \
    X(heartbeat, HEARTBEAT, 0x45, "HB", 0) \
    X(command, COMMAND, 0x46, "CMD", 0) \
    X(safe, SAFE, 0x47, "SAFE", 0)

#endif

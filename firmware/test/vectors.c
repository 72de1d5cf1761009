#include "vectors.h"

#include <stdint.h>
#include <string.h>

#include "../core/wire.h"
#include "harness.h"

/* The same messages under the same names as in src/codec/vectors/samples.ts, and a few that only this side has. */
static const uint8_t chunk[48] = {0x00, 0x05, 0x0A, 0x0F, 0x14, 0x19, 0x1E, 0x23, 0x28, 0x2D, 0x32, 0x37,
                                  0x3C, 0x41, 0x46, 0x4B, 0x50, 0x55, 0x5A, 0x5F, 0x64, 0x69, 0x6E, 0x73,
                                  0x78, 0x7D, 0x82, 0x87, 0x8C, 0x91, 0x96, 0x9B, 0xA0, 0xA5, 0xAA, 0xAF,
                                  0xB4, 0xB9, 0xBE, 0xC3, 0xC8, 0xCD, 0xD2, 0xD7, 0xDC, 0xE1, 0xE6, 0xEB};
static const char escaped[] = "100 %, $5*2! 21 \xC2\xB0" "C\n";

static const struct wire_data typical = {0x5A3C, 0, 4660, 22136000, 2, 37, 0, 0, 0, 0};
static const struct wire_data every_type = {0x5A3C, 1, 1, 1000, 2, 37, 0, 0, 0, 0};
static const struct wire_data saturated = {0xFFFF, 31, 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFF, 0xFFFF, 0xFFFF, 7, 255, 255};
static const struct wire_data busy = {0x5A3C, 0, 1000000, 0x00C0FFEE, 3, 24, 131, 1, 2, 3};
static const struct wire_status status = {0x5A3C, 320255973501901u, 100000, 1000, 37000, 1369000, 41, 55, 0, 1, 2, 1, 0};
static const struct wire_pong pong = {0x5A3C, 7, 123456, 123999, 35, 123999};
static const struct wire_session session = {1, 3735928559u, 1, 379048042, 1500, 320, 3, 3000000, 16909060,
                                            0xE66138528350A12Fu};
static const struct wire_descriptor descriptor = {0x5A3C, 48, {chunk, sizeof chunk}};
static const struct wire_descriptor descriptor_end = {0x5A3C, 4096, {chunk, 0}};
static const struct wire_ack ack = {0x5A3C, 1, 0};
static const struct wire_nack nack = {0x5A3C, 0, 5};
static const struct wire_event event = {0, 1, 1, 812, 2, {"boot", 4}};
static const struct wire_event event_escaped = {0x5A3C, 0, 2, 0xFFFFFFFF, 0, {escaped, sizeof escaped - 1}};
static const struct wire_started started = {0x5A3C, 1};

#define TYPES(...) .types = {__VA_ARGS__}
#define RAW(...) .raw = {__VA_ARGS__}

static const struct sample {
    const char *name;
    enum wire_id id;
    const void *message;
    uint8_t count;
    uint8_t types[6];
    int32_t raw[6];
} samples[] = {
    {"data typical", WIRE_ID_DATA, &typical, 4,
     TYPES(WIRE_VALUE_I16, WIRE_VALUE_I16, WIRE_VALUE_I16, WIRE_VALUE_I16), RAW(1234, -1234, 0, 32767)},
    {"data every type lowest", WIRE_ID_DATA, &every_type, 6,
     TYPES(WIRE_VALUE_U8, WIRE_VALUE_I8, WIRE_VALUE_U16, WIRE_VALUE_I16, WIRE_VALUE_U32, WIRE_VALUE_I32),
     RAW(0, -128, 0, -32768, 0, INT32_MIN)},
    {"data all fields saturated", WIRE_ID_DATA, &saturated, 1, TYPES(WIRE_VALUE_U8), RAW(255)},
    {"data busy", WIRE_ID_DATA, &busy, 4, TYPES(WIRE_VALUE_I16, WIRE_VALUE_I16, WIRE_VALUE_I16, WIRE_VALUE_I16),
     RAW(-1, 256, 7, -300)},
    {"status", WIRE_ID_STATUS, &status, 0, {0}, {0}},
    {"pong", WIRE_ID_PONG, &pong, 0, {0}, {0}},
    {"session", WIRE_ID_SESSION, &session, 0, {0}, {0}},
    {"descriptor 48 bytes", WIRE_ID_DESCRIPTOR, &descriptor, 0, {0}, {0}},
    {"descriptor beyond the end", WIRE_ID_DESCRIPTOR, &descriptor_end, 0, {0}, {0}},
    {"ack", WIRE_ID_ACK, &ack, 0, {0}, {0}},
    {"nack", WIRE_ID_NACK, &nack, 0, {0}, {0}},
    {"event plain", WIRE_ID_EVENT, &event, 0, {0}, {0}},
    {"event to escape", WIRE_ID_EVENT, &event_escaped, 0, {0}, {0}},
    {"started", WIRE_ID_STARTED, &started, 0, {0}, {0}},
};
#define SAMPLES (sizeof samples / sizeof samples[0])

static uint16_t encode(uint8_t *out, const struct sample *sample, bool text)
{
    struct wire_values values = {sample->types, sample->raw, sample->count};
    const struct wire_values *given = sample->id == WIRE_ID_DATA ? &values : 0;
    if (text) {
        return wire_encode_text(out, sample->id, sample->message, given);
    }
    out[0] = 0; /* the leading delimiter */
    return (uint16_t)(1 + wire_encode_binary(out + 1, sample->id, sample->message, given));
}

/* --- writing --- */

/* Field names of the schema: `release_us` -> `releaseUs`; the structures' names are made from those. */
static void write_camel(FILE *file, const char *snake)
{
    for (; *snake != 0; snake++) {
        if (*snake == '_' && snake[1] != 0) {
            snake++;
            fputc(*snake >= 'a' && *snake <= 'z' ? *snake - 'a' + 'A' : *snake, file);
        } else {
            fputc(*snake, file);
        }
    }
}

static void write_text(FILE *file, const struct wire_text *text)
{
    fputc('"', file);
    for (uint8_t i = 0; i < text->length; i++) {
        if (text->bytes[i] == '\n') {
            fputs("\\n", file);
        } else {
            fputc(text->bytes[i], file);
        }
    }
    fputc('"', file);
}

static void write_hex(FILE *file, const uint8_t *bytes, uint16_t length)
{
    fputc('"', file);
    for (uint16_t i = 0; i < length; i++) {
        fprintf(file, "%02X", bytes[i]);
    }
    fputc('"', file);
}

/* An unsigned field; the machine that runs the tests is little-endian (core/wire.c asserts it). */
static unsigned long long load(const void *field, uint8_t type)
{
    unsigned long long value = 0;
    memcpy(&value, field, wire_field_bytes[type]);
    return value;
}

static void write_field(FILE *file, const char *name, const void *field, uint8_t type)
{
    fputs(",\"", file);
    write_camel(file, name);
    fputs("\":", file);
    if (type == WIRE_FIELD_TEXT) {
        write_text(file, field);
    } else if (type == WIRE_FIELD_BYTES) {
        const struct wire_bytes *bytes = field;
        write_hex(file, bytes->bytes, bytes->length);
    } else if (strcmp(name, "uid") == 0) {
        fprintf(file, "\"%016llX\"", load(field, type)); /* an identifier, not a number */
    } else {
        fprintf(file, "%llu", load(field, type));
    }
}

#define FIELD_NAME(message, name, TYPE) #name,
#define FIELD_NAMES(name, NAME, kind, word, has_values)                                                               \
    static const char *const name##_names[] = {WIRE_##NAME##_FIELDS(FIELD_NAME)};
WIRE_MESSAGES(FIELD_NAMES)

static const struct {
    const char *name;
    const char *const *fields;
} names[] = {
#define NAMES(name, NAME, kind, word, has_values) {#name, name##_names},
    WIRE_MESSAGES(NAMES)};

static void write_values(FILE *file, const struct sample *sample)
{
    static const char *const type_names[] = {"u8", "i8", "u16", "i16", "u32", "i32"};
    fputs(",\"values\":[", file);
    for (uint8_t i = 0; i < sample->count; i++) {
        fprintf(file, "%s%d", i > 0 ? "," : "", sample->raw[i]);
    }
    fputs("],\"types\":[", file);
    for (uint8_t i = 0; i < sample->count; i++) {
        fprintf(file, "%s\"%s\"", i > 0 ? "," : "", type_names[sample->types[i]]);
    }
    fputc(']', file);
}

static void write_vector(FILE *file, const struct sample *sample, bool text)
{
    uint8_t wire[1 + WIRE_ENCODED_BYTES_MAX];
    const struct wire_layout *layout = &wire_layouts[sample->id];
    fprintf(file, "  {\"name\":\"%s\",\"encoding\":\"%s\",\"message\":{\"name\":\"%s\"", sample->name,
            text ? "text" : "binary", names[sample->id].name);
    for (uint8_t i = 0; i < layout->field_count; i++) {
        write_field(file, names[sample->id].fields[i],
                    (const uint8_t *)sample->message + layout->fields[i].offset, layout->fields[i].type);
    }
    if (sample->id == WIRE_ID_DATA) {
        write_values(file, sample);
    }
    fputs("},\"hex\":", file);
    write_hex(file, wire, encode(wire, sample, text));
    fputc('}', file);
}

static void write_all(FILE *file)
{
    fputs("[\n", file);
    for (unsigned i = 0; i < SAMPLES; i++) {
        write_vector(file, &samples[i], true);
        fputs(",\n", file);
        write_vector(file, &samples[i], false);
        fputs(i + 1 < SAMPLES ? ",\n" : "\n", file);
    }
    fputs("]\n", file);
}

static FILE *open_or_fail(const char *path, const char *mode)
{
    FILE *file = fopen(path, mode);
    if (file == 0) {
        fprintf(stderr, "FAIL cannot open %s\n", path);
        exit(1);
    }
    return file;
}

void vectors_write(const char *path)
{
    FILE *file = open_or_fail(path, "w");
    write_all(file);
    fclose(file);
}

void vectors_check_written(const char *path)
{
    FILE *file = open_or_fail(path, "r");
    FILE *fresh = tmpfile();
    CHECK(fresh != 0);
    write_all(fresh);
    rewind(fresh);
    int expected;
    do {
        expected = fgetc(fresh);
        if (fgetc(file) != expected) {
            fprintf(stderr, "FAIL %s is not what this side writes: run make -C firmware vectors, and see what changed\n", path);
            exit(1);
        }
    } while (expected != EOF);
    fclose(file);
    fclose(fresh);
}

/* --- reading --- */

static uint16_t from_hex(const char *hex, uint8_t *out, uint16_t room)
{
    uint16_t length = 0;
    unsigned byte;
    while (length < room && sscanf(hex + 2 * length, "%2x", &byte) == 1) {
        out[length++] = (uint8_t)byte;
    }
    return length;
}

/* What the other side's host says is understood, and written again it is the same, byte for byte. */
static void check_host_message(const char *name, bool text, const uint8_t *wire, uint16_t length)
{
    uint8_t work[WIRE_ENCODED_BYTES_MAX];
    uint8_t again[1 + WIRE_ENCODED_BYTES_MAX];
    struct wire_host_message message;
    uint16_t start = text ? 0 : 1;
    memcpy(work, wire + start, (size_t)(length - start - 1));
    bool good = text ? wire_decode_text(work, (uint16_t)(length - 1), &message)
                     : wire_decode_binary(work, (uint16_t)(length - 2), &message);
    if (good) {
        again[0] = 0;
        uint16_t written = text ? wire_encode_text(again, message.id, &message.body, 0)
                                : (uint16_t)(1 + wire_encode_binary(again + 1, message.id, &message.body, 0));
        good = written == length && memcmp(again, wire, length) == 0;
    }
    if (!good) {
        fprintf(stderr, "FAIL the other side's vector %s (%s) is not understood\n", name, text ? "text" : "binary");
        exit(1);
    }
}

/* What the other side's board says is what this one says for the same message. Names have '-' for spaces. */
static bool check_device_message(const char *name, bool text, const uint8_t *wire, uint16_t length)
{
    for (unsigned i = 0; i < SAMPLES; i++) {
        char dashed[64];
        uint8_t mine[1 + WIRE_ENCODED_BYTES_MAX];
        snprintf(dashed, sizeof dashed, "%s", samples[i].name);
        for (char *c = dashed; *c != 0; c++) {
            *c = *c == ' ' ? '-' : *c;
        }
        if (strcmp(dashed, name) != 0) {
            continue;
        }
        if (encode(mine, &samples[i], text) != length || memcmp(mine, wire, length) != 0) {
            fprintf(stderr, "FAIL the other side encodes %s (%s) differently\n", name, text ? "text" : "binary");
            exit(1);
        }
        return true;
    }
    return false;
}

int vectors_check_from_ts(const char *path)
{
    static char hex[4096];
    FILE *file = fopen(path, "r");
    char name[64];
    char encoding[16];
    int compared = 0;
    if (file == 0) {
        return 0;
    }
    while (fscanf(file, "%63s %15s %4095s", name, encoding, hex) == 3) {
        uint8_t wire[2 * WIRE_ENCODED_BYTES_MAX];
        uint16_t length = from_hex(hex, wire, sizeof wire);
        bool text = strcmp(encoding, "text") == 0;
        bool from_host = text ? wire[0] == '!' : length > 2 && (wire[2] & 0x40) != 0;
        if (from_host) {
            check_host_message(name, text, wire, length);
            compared++;
        } else if (check_device_message(name, text, wire, length)) {
            compared++;
        }
    }
    fclose(file);
    CHECK(compared > 0);
    return compared;
}

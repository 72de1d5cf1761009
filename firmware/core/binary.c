/* The binary encoding: kind, fields and values little-endian, CRC-32 over all of it, COBS, delimiter. */
#include "../port/flash.h"
#include "cobs.h"
#include "crc32.h"
#include "wire.h"

/* Bytes go through the checksum and COBS as they come: no copy of the message is kept. */
struct writer {
    struct cobs cobs;
    uint32_t crc;
    uint16_t left; /* bytes that the message may still grow */
    bool full;
};

static void put(struct writer *to, uint8_t byte)
{
    if (to->left == 0) {
        to->full = true;
        return;
    }
    to->left--;
#if defined(PLANT_SHORT_CRC)
    if (to->left == WIRE_SENT_BYTES_MAX - WIRE_CRC_BYTES - 1u) {
        cobs_add(&to->cobs, byte);
        return;
    }
#endif
    to->crc = crc32_add(to->crc, byte);
    cobs_add(&to->cobs, byte);
}

static void put_bytes(struct writer *to, const void *from, uint8_t count)
{
    const uint8_t *bytes = from;
    for (uint8_t i = 0; i < count; i++) {
        put(to, bytes[i]);
    }
}

/* Length byte and the bytes it counts, which lie in flash. */
static void put_run(struct writer *to, const void *from, uint8_t length)
{
    const uint8_t *bytes = from;
    put(to, length);
    for (uint8_t i = 0; i < length; i++) {
        put(to, flash_u8(bytes + i));
    }
}

static void put_field(struct writer *to, const void *field, uint8_t type)
{
    if (type == WIRE_FIELD_TEXT) {
        const struct wire_text *text = field;
        put_run(to, text->bytes, text->length);
    } else if (type == WIRE_FIELD_BYTES) {
        const struct wire_bytes *run = field;
        put_run(to, run->bytes, run->length);
    } else if (type == WIRE_FIELD_I32S) {
        const struct wire_i32s *list = field;
        put(to, list->count);
        put_bytes(to, list->values, (uint8_t)(list->count * sizeof list->values[0]));
    } else {
        put_bytes(to, field, flash_u8(&wire_field_bytes[type]));
    }
}

uint16_t wire_encode_binary(uint8_t *out, enum wire_id id, const void *message, const struct wire_values *values)
{
    const struct wire_layout *layout = &wire_layouts[id];
    const struct wire_field *field = flash_pointer(&layout->fields);
    struct writer to = {.crc = crc32_start(), .left = WIRE_SENT_BYTES_MAX - WIRE_CRC_BYTES};
    cobs_begin(&to.cobs, out);
    put(&to, flash_u8(&layout->kind));
    for (uint8_t left = flash_u8(&layout->field_count); left > 0; left--, field++) {
        put_field(&to, (const uint8_t *)message + flash_u8(&field->offset), flash_u8(&field->type));
    }
    for (uint8_t i = 0; values != 0 && i < values->count; i++) {
        put_bytes(&to, &values->raw[i], flash_u8(&wire_value_bytes[flash_u8(&values->types[i])]));
    }
    if (to.full) {
        return 0;
    }
    uint32_t crc = crc32_end(to.crc);
    to.left = WIRE_CRC_BYTES;
    put_bytes(&to, &crc, WIRE_CRC_BYTES);
    uint8_t *end = cobs_end(&to.cobs);
    *end++ = 0;
    return (uint16_t)(end - out);
}

struct reader {
    const uint8_t *bytes;
    uint16_t left;
    bool failed;
};

static void get_bytes(struct reader *from, void *to, uint8_t count)
{
    uint8_t *bytes = to;
    if (from->left < count) {
        from->failed = true;
        count = 0;
    }
    for (uint8_t i = 0; i < count; i++) {
        bytes[i] = *from->bytes++;
    }
    from->left = (uint16_t)(from->left - count);
}

static uint8_t get(struct reader *from)
{
    uint8_t byte = 0;
    get_bytes(from, &byte, 1);
    return byte;
}

/* Length byte and the bytes it counts; null when there are fewer. */
static const uint8_t *get_run(struct reader *from, uint8_t *length)
{
    *length = get(from);
    if (from->left < *length) {
        from->failed = true;
        *length = 0;
        return 0;
    }
    const uint8_t *run = from->bytes;
    from->bytes += *length;
    from->left = (uint16_t)(from->left - *length);
    return run;
}

static void get_list(struct reader *from, struct wire_i32s *list)
{
    list->count = get(from);
    if (list->count > WIRE_COMMAND_ARGUMENTS_MAX) {
        from->failed = true;
        return;
    }
    get_bytes(from, list->values, (uint8_t)(list->count * sizeof list->values[0]));
}

static void get_field(struct reader *from, void *field, uint8_t type)
{
    if (type == WIRE_FIELD_TEXT) {
        struct wire_text *text = field;
        text->bytes = (const char *)get_run(from, &text->length);
    } else if (type == WIRE_FIELD_BYTES) {
        struct wire_bytes *run = field;
        run->bytes = get_run(from, &run->length);
    } else if (type == WIRE_FIELD_I32S) {
        get_list(from, field);
    } else {
        get_bytes(from, field, flash_u8(&wire_field_bytes[type]));
    }
}

bool wire_decode_binary(uint8_t *bytes, uint16_t length, struct wire_host_message *out)
{
    length = cobs_decode(bytes, length, bytes);
    if (length < WIRE_KIND_BYTES + WIRE_CRC_BYTES) {
        return false;
    }
    length = (uint16_t)(length - WIRE_CRC_BYTES);
    struct reader tail = {bytes + length, WIRE_CRC_BYTES, false};
    uint32_t crc = 0;
    get_bytes(&tail, &crc, WIRE_CRC_BYTES);
    if (crc != crc32(bytes, length)) {
        return false;
    }
    struct reader from = {bytes, length, false};
    uint8_t kind = get(&from);
    for (uint8_t id = WIRE_ID_HELLO; id < WIRE_ID_COUNT; id++) {
        const struct wire_layout *layout = &wire_layouts[id];
        if (flash_u8(&layout->kind) != kind) {
            continue;
        }
        const struct wire_field *field = flash_pointer(&layout->fields);
        out->id = (enum wire_id)id;
        for (uint8_t left = flash_u8(&layout->field_count); left > 0; left--, field++) {
            get_field(&from, (uint8_t *)&out->body + flash_u8(&field->offset), flash_u8(&field->type));
        }
        return !from.failed && from.left == 0;
    }
    return false;
}

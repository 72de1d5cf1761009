/* The binary encoding: kind, fields and values little-endian, CRC-32 over all of it, COBS, delimiter. */
#include "cobs.h"
#include "crc32.h"
#include "wire.h"

struct writer {
    uint8_t bytes[WIRE_BINARY_MESSAGE_BYTES_MAX];
    uint16_t length;
    bool full;
};

static void put(struct writer *to, uint64_t value, uint8_t bytes)
{
    if (to->length + bytes > (int)sizeof to->bytes) {
        to->full = true;
        return;
    }
    for (uint8_t i = 0; i < bytes; i++) {
        to->bytes[to->length++] = (uint8_t)value;
        value >>= 8;
    }
}

static void put_run(struct writer *to, const uint8_t *bytes, uint8_t length)
{
    put(to, length, 1);
    for (uint8_t i = 0; i < length; i++) {
        put(to, bytes[i], 1);
    }
}

static void put_field(struct writer *to, const void *field, uint8_t type)
{
    if (type == WIRE_FIELD_TEXT) {
        const struct wire_text *text = field;
        put_run(to, (const uint8_t *)text->bytes, text->length);
    } else if (type == WIRE_FIELD_BYTES) {
        const struct wire_bytes *run = field;
        put_run(to, run->bytes, run->length);
    } else if (type == WIRE_FIELD_I32S) {
        const struct wire_i32s *list = field;
        put(to, list->count, 1);
        for (uint8_t i = 0; i < list->count; i++) {
            put(to, (uint32_t)list->values[i], 4);
        }
    } else if (type == WIRE_FIELD_U64) {
        put(to, *(const uint64_t *)field, 8);
    } else {
        put(to, (uint32_t)wire_load(field, type), wire_field_bytes[type]);
    }
}

uint16_t wire_encode_binary(uint8_t *out, enum wire_id id, const void *message, const struct wire_values *values)
{
    /* Static: 320 bytes would be a third of a small chip's stack. Only the work context encodes. */
    static struct writer to;
    const struct wire_layout *layout = &wire_layouts[id];
    to.length = 0;
    to.full = false;
    put(&to, layout->kind, 1);
    for (uint8_t i = 0; i < layout->field_count; i++) {
        put_field(&to, (const uint8_t *)message + layout->fields[i].offset, layout->fields[i].type);
    }
    for (uint8_t i = 0; values != 0 && i < values->count; i++) {
        put(&to, (uint32_t)values->raw[i], wire_value_bytes[values->types[i]]);
    }
    put(&to, crc32(to.bytes, to.length), WIRE_CRC_BYTES);
    if (to.full) {
        return 0;
    }
    uint16_t written = cobs_encode(to.bytes, to.length, out);
    out[written++] = 0;
    return written;
}

struct reader {
    const uint8_t *bytes;
    uint16_t left;
    bool failed;
};

static uint64_t get(struct reader *from, uint8_t bytes)
{
    if (from->left < bytes) {
        from->failed = true;
        return 0;
    }
    uint64_t value = 0;
    for (uint8_t i = bytes; i > 0; i--) {
        value = value << 8 | from->bytes[i - 1];
    }
    from->bytes += bytes;
    from->left = (uint16_t)(from->left - bytes);
    return value;
}

/* Length byte and the bytes it counts; null when there are fewer. */
static const uint8_t *get_run(struct reader *from, uint8_t *length)
{
    *length = (uint8_t)get(from, 1);
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
    list->count = (uint8_t)get(from, 1);
    if (list->count > WIRE_COMMAND_ARGUMENTS_MAX) {
        from->failed = true;
        return;
    }
    for (uint8_t i = 0; i < list->count; i++) {
        list->values[i] = (int32_t)(uint32_t)get(from, 4);
    }
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
        wire_store(field, type, get(from, wire_field_bytes[type]));
    }
}

bool wire_decode_binary(uint8_t *bytes, uint16_t length, struct wire_host_message *out)
{
    length = cobs_decode(bytes, length, bytes);
    if (length < WIRE_KIND_BYTES + WIRE_CRC_BYTES) {
        return false;
    }
    struct reader crc = {bytes + length - WIRE_CRC_BYTES, WIRE_CRC_BYTES, false};
    if (get(&crc, WIRE_CRC_BYTES) != crc32(bytes, (uint16_t)(length - WIRE_CRC_BYTES))) {
        return false;
    }
    struct reader from = {bytes, (uint16_t)(length - WIRE_CRC_BYTES), false};
    uint8_t kind = (uint8_t)get(&from, 1);
    for (uint8_t id = WIRE_ID_HELLO; id < WIRE_ID_COUNT; id++) {
        const struct wire_layout *layout = &wire_layouts[id];
        if (layout->kind != kind) {
            continue;
        }
        out->id = (enum wire_id)id;
        for (uint8_t i = 0; i < layout->field_count; i++) {
            get_field(&from, (uint8_t *)&out->body + layout->fields[i].offset, layout->fields[i].type);
        }
        return !from.failed && from.left == 0;
    }
    return false;
}

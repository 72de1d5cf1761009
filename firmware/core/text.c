/* The text encoding: `$WORD,field,…*CRC`, upper-case hex of fixed width; what a person reads in a serial monitor. */
#include "crc32.h"
#include "wire.h"

#define CRC_DIGITS 8u

struct writer {
    uint8_t *bytes;
    uint16_t length;
};

/* The last byte that a field may take: the checksum and the line feed come after it. */
#define FIELDS_END (WIRE_TEXT_LINE_BYTES_MAX - 1u - CRC_DIGITS - 1u)

static void put(struct writer *to, char byte)
{
    if (to->length < WIRE_ENCODED_BYTES_MAX) {
        to->bytes[to->length++] = (uint8_t)byte;
    }
}

static void put_hex(struct writer *to, uint32_t value, uint8_t digits)
{
    for (uint8_t i = digits; i > 0; i--) {
        put(to, "0123456789ABCDEF"[value >> (4 * (i - 1)) & 0xFu]);
    }
}

/* Everything that has a meaning in the line, and everything that a terminal would not show, becomes %XX. */
static void put_percent(struct writer *to, const struct wire_text *text)
{
    for (uint8_t i = 0; i < text->length; i++) {
        char byte = text->bytes[i];
        bool plain = byte >= 0x20 && byte <= 0x7E && byte != '$' && byte != '*' && byte != '!' && byte != ',' &&
                     byte != '%';
        if (plain) {
            put(to, byte);
        } else {
            put(to, '%');
            put_hex(to, (uint8_t)byte, 2);
        }
    }
}

static void put_field(struct writer *to, const void *field, uint8_t type)
{
    put(to, ',');
    if (type == WIRE_FIELD_TEXT) {
        put_percent(to, field);
    } else if (type == WIRE_FIELD_BYTES) {
        const struct wire_bytes *run = field;
        for (uint8_t i = 0; i < run->length; i++) {
            put_hex(to, run->bytes[i], 2);
        }
    } else if (type == WIRE_FIELD_I32S) {
        const struct wire_i32s *list = field;
        put_hex(to, list->count, 2);
        for (uint8_t i = 0; i < list->count; i++) {
            put(to, ',');
            put_hex(to, (uint32_t)list->values[i], 8);
        }
    } else if (type == WIRE_FIELD_U64) {
        uint64_t value = *(const uint64_t *)field;
        put_hex(to, (uint32_t)(value >> 32), 8);
        put_hex(to, (uint32_t)value, 8);
    } else {
        put_hex(to, (uint32_t)wire_load(field, type), (uint8_t)(2 * wire_field_bytes[type]));
    }
}

uint16_t wire_encode_text(uint8_t *out, enum wire_id id, const void *message, const struct wire_values *values)
{
    const struct wire_layout *layout = &wire_layouts[id];
    struct writer to = {out, 0};
    put(&to, (layout->kind & 0x40) != 0 ? '!' : '$');
    for (const char *letter = layout->word; *letter != 0; letter++) {
        put(&to, *letter);
    }
    for (uint8_t i = 0; i < layout->field_count; i++) {
        put_field(&to, (const uint8_t *)message + layout->fields[i].offset, layout->fields[i].type);
    }
    for (uint8_t i = 0; values != 0 && i < values->count; i++) {
        put(&to, ',');
        put_hex(&to, (uint32_t)values->raw[i], (uint8_t)(2 * wire_value_bytes[values->types[i]]));
    }
    if (to.length > FIELDS_END) {
        return 0;
    }
    uint32_t crc = crc32(out + 1, (uint16_t)(to.length - 1));
    put(&to, '*');
    put_hex(&to, crc, CRC_DIGITS);
    put(&to, '\n');
    return to.length;
}

struct reader {
    uint8_t *bytes; /* the next field; every field ends with a comma, the last one with the asterisk */
    uint8_t *end;
    bool failed;
};

static int8_t digit(uint8_t byte)
{
    if (byte >= '0' && byte <= '9') {
        return (int8_t)(byte - '0');
    }
    return byte >= 'A' && byte <= 'F' ? (int8_t)(byte - 'A' + 10) : (int8_t)-1;
}

static uint64_t hex(struct reader *from, const uint8_t *bytes, uint8_t digits)
{
    uint64_t value = 0;
    for (uint8_t i = 0; i < digits; i++) {
        int8_t next = digit(bytes[i]);
        if (next < 0) {
            from->failed = true;
            return 0;
        }
        value = value << 4 | (uint8_t)next;
    }
    return value;
}

/* The next field and its length; null when the line has no further one. */
static uint8_t *next_field(struct reader *from, uint8_t *length)
{
    uint8_t *field = from->bytes;
    if (field >= from->end) {
        from->failed = true;
        *length = 0;
        return 0;
    }
    uint8_t *end = field;
    while (end < from->end && *end != ',') {
        end++;
    }
    *length = (uint8_t)(end - field);
    from->bytes = end + 1;
    return field;
}

static uint64_t get_hex(struct reader *from, uint8_t digits)
{
    uint8_t length;
    const uint8_t *field = next_field(from, &length);
    if (length != digits) {
        from->failed = true;
    }
    return from->failed ? 0 : hex(from, field, digits);
}

/* Unescapes in place, which only shortens. */
static void get_percent(struct reader *from, struct wire_text *text)
{
    uint8_t length;
    uint8_t *field = next_field(from, &length);
    uint8_t written = 0;
    for (uint8_t i = 0; !from->failed && i < length; i++) {
        if (field[i] != '%') {
            field[written++] = field[i];
            continue;
        }
        if (length - i < 3) {
            from->failed = true;
            return;
        }
        field[written++] = (uint8_t)hex(from, field + i + 1, 2);
        i = (uint8_t)(i + 2);
    }
    text->bytes = (const char *)field;
    text->length = written;
}

static void get_field(struct reader *from, void *field, uint8_t type)
{
    if (type == WIRE_FIELD_TEXT) {
        get_percent(from, field);
    } else if (type == WIRE_FIELD_I32S) {
        struct wire_i32s *list = field;
        list->count = (uint8_t)get_hex(from, 2);
        if (list->count > WIRE_COMMAND_ARGUMENTS_MAX) {
            from->failed = true;
        }
        for (uint8_t i = 0; !from->failed && i < list->count; i++) {
            list->values[i] = (int32_t)(uint32_t)get_hex(from, 8);
        }
    } else if (type == WIRE_FIELD_BYTES) {
        from->failed = true; /* no message of the host carries any */
    } else {
        wire_store(field, type, get_hex(from, (uint8_t)(2 * wire_field_bytes[type])));
    }
}

static bool same_word(const uint8_t *field, uint8_t length, const char *word)
{
    for (uint8_t i = 0; i < length; i++) {
        if (word[i] == 0 || field[i] != (uint8_t)word[i]) {
            return false;
        }
    }
    return word[length] == 0;
}

bool wire_decode_text(uint8_t *bytes, uint16_t length, struct wire_host_message *out)
{
    if (length > 0 && bytes[length - 1] == '\r') {
        length--;
    }
    if (length > WIRE_TEXT_LINE_BYTES_MAX || length < 2 + 1 + CRC_DIGITS || bytes[0] != '!' ||
        bytes[length - CRC_DIGITS - 1] != '*') {
        return false;
    }
    struct reader from = {bytes + 1, bytes + length - CRC_DIGITS - 1, false};
    uint32_t crc = (uint32_t)hex(&from, bytes + length - CRC_DIGITS, CRC_DIGITS);
    if (from.failed || crc != crc32(from.bytes, (uint16_t)(from.end - from.bytes))) {
        return false;
    }
    uint8_t word_length;
    const uint8_t *word = next_field(&from, &word_length);
    for (uint8_t id = WIRE_ID_HELLO; id < WIRE_ID_COUNT; id++) {
        const struct wire_layout *layout = &wire_layouts[id];
        if (!same_word(word, word_length, layout->word)) {
            continue;
        }
        out->id = (enum wire_id)id;
        for (uint8_t i = 0; i < layout->field_count; i++) {
            get_field(&from, (uint8_t *)&out->body + layout->fields[i].offset, layout->fields[i].type);
        }
        return !from.failed && from.bytes >= from.end;
    }
    return false;
}

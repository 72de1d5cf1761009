/* The text encoding: `$WORD,field,…*CRC`, upper-case hex of fixed width; what a person reads in a serial monitor. */
#include "../port/flash.h"
#include "crc32.h"
#include "wire.h"

#define CRC_DIGITS 8u
/* What may stand before the asterisk, the checksum and the line feed. */
#define FIELDS_BYTES_MAX (WIRE_SENT_LINE_BYTES_MAX - 1u - CRC_DIGITS - 1u)

struct writer {
    uint8_t *bytes;
    uint32_t crc; /* of what was put so far */
    uint8_t left; /* bytes that the fields may still take */
    bool full;
};
_Static_assert(WIRE_SENT_LINE_BYTES_MAX <= UINT8_MAX, "the length of a line is counted in a byte");

static void put(struct writer *to, uint8_t byte)
{
    if (to->left == 0) {
        to->full = true;
        return;
    }
    to->left--;
    to->crc = crc32_add(to->crc, byte);
    *to->bytes++ = byte;
}

static uint8_t digit_of(uint8_t half)
{
    return (uint8_t)(half < 10 ? '0' + half : 'A' - 10 + half);
}

static void put_hex(struct writer *to, uint8_t byte)
{
    put(to, digit_of(byte >> 4));
    put(to, digit_of(byte & 0xFu));
}

/* A little-endian number, its most significant digit first. */
static void put_number(struct writer *to, const void *number, uint8_t bytes)
{
    while (bytes > 0) {
        put_hex(to, ((const uint8_t *)number)[--bytes]);
    }
}

/* Everything that has a meaning in the line, and everything that a terminal would not show, becomes %XX. */
static void put_percent(struct writer *to, const struct wire_text *text)
{
    for (uint8_t i = 0; i < text->length; i++) {
        uint8_t byte = flash_u8(text->bytes + i);
        bool plain = byte >= 0x20 && byte <= 0x7E && byte != '$' && byte != '*' && byte != '!' && byte != ',' &&
                     byte != '%';
        if (plain) {
            put(to, byte);
        } else {
            put(to, '%');
            put_hex(to, byte);
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
            put_hex(to, flash_u8(run->bytes + i));
        }
    } else if (type == WIRE_FIELD_I32S) {
        const struct wire_i32s *list = field;
        put_hex(to, list->count);
        for (uint8_t i = 0; i < list->count; i++) {
            put(to, ',');
            put_number(to, &list->values[i], sizeof list->values[i]);
        }
    } else {
        put_number(to, field, flash_u8(&wire_field_bytes[type]));
    }
}

static void put_word(struct writer *to, const char *word)
{
    uint8_t letter;
    while ((letter = flash_u8(word++)) != 0) {
        put(to, letter);
    }
}

uint16_t wire_encode_text(uint8_t *out, enum wire_id id, const void *message, const struct wire_values *values)
{
    const struct wire_layout *layout = &wire_layouts[id];
    const struct wire_field *field = flash_pointer(&layout->fields);
    struct writer to = {.bytes = out + 1, .crc = crc32_start(), .left = FIELDS_BYTES_MAX - 1u};
    *out = (flash_u8(&layout->kind) & 0x40u) != 0 ? '!' : '$';
    put_word(&to, layout->word);
    for (uint8_t left = flash_u8(&layout->field_count); left > 0; left--, field++) {
        put_field(&to, (const uint8_t *)message + flash_u8(&field->offset), flash_u8(&field->type));
    }
    for (uint8_t i = 0; values != 0 && i < values->count; i++) {
        put(&to, ',');
        put_number(&to, &values->raw[i], flash_u8(&wire_value_bytes[flash_u8(&values->types[i])]));
    }
    if (to.full) {
        return 0;
    }
    uint32_t crc = crc32_end(to.crc);
    to.left = 1u + CRC_DIGITS + 1u;
    put(&to, '*');
    put_number(&to, &crc, sizeof crc);
    put(&to, '\n');
    return (uint16_t)(to.bytes - out);
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

/* The byte that two digits give. */
static uint8_t hex(struct reader *from, const uint8_t *digits)
{
    int8_t high = digit(digits[0]);
    int8_t low = digit(digits[1]);
    if (high < 0 || low < 0) {
        from->failed = true;
        return 0;
    }
    return (uint8_t)(high << 4 | low);
}

static void get_number(struct reader *from, const uint8_t *digits, void *number, uint8_t bytes)
{
    while (bytes > 0) {
        ((uint8_t *)number)[--bytes] = hex(from, digits);
        digits += 2;
    }
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

static void get_field_number(struct reader *from, void *number, uint8_t bytes)
{
    uint8_t length;
    const uint8_t *field = next_field(from, &length);
    if (length != 2 * bytes) {
        from->failed = true;
    }
    if (!from->failed) {
        get_number(from, field, number, bytes);
    }
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
        field[written++] = hex(from, field + i + 1);
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
        get_field_number(from, &list->count, 1);
        if (list->count > WIRE_COMMAND_ARGUMENTS_MAX) {
            from->failed = true;
        }
        for (uint8_t i = 0; !from->failed && i < list->count; i++) {
            get_field_number(from, &list->values[i], sizeof list->values[i]);
        }
    } else if (type == WIRE_FIELD_BYTES) {
        from->failed = true; /* no message of the host carries any */
    } else {
        get_field_number(from, field, flash_u8(&wire_field_bytes[type]));
    }
}

static bool same_word(const uint8_t *field, uint8_t length, const char *word)
{
    for (uint8_t i = 0; i < length; i++) {
        uint8_t letter = flash_u8(word + i);
        if (letter == 0 || field[i] != letter) {
            return false;
        }
    }
    return flash_u8(word + length) == 0;
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
    uint32_t crc = 0;
    get_number(&from, bytes + length - CRC_DIGITS, &crc, sizeof crc);
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
        const struct wire_field *field = flash_pointer(&layout->fields);
        out->id = (enum wire_id)id;
        for (uint8_t left = flash_u8(&layout->field_count); left > 0; left--, field++) {
            get_field(&from, (uint8_t *)&out->body + flash_u8(&field->offset), flash_u8(&field->type));
        }
        return !from.failed && from.bytes >= from.end;
    }
    return false;
}

#include "wire.h"

#include <stddef.h>

const uint8_t wire_field_bytes[] = {
    [WIRE_FIELD_U8] = 1,   [WIRE_FIELD_U16] = 2,   [WIRE_FIELD_U32] = 4,  [WIRE_FIELD_U64] = 8,
    [WIRE_FIELD_TEXT] = 0, [WIRE_FIELD_BYTES] = 0, [WIRE_FIELD_I32S] = 0,
};

const uint8_t wire_value_bytes[] = {
    [WIRE_VALUE_U8] = 1,  [WIRE_VALUE_I8] = 1,  [WIRE_VALUE_U16] = 2,
    [WIRE_VALUE_I16] = 2, [WIRE_VALUE_U32] = 4, [WIRE_VALUE_I32] = 4,
};

/* Bytes on the wire of a member with this type: what it occupies, or the length byte of a variable one. */
#define BYTES_U8(message, name) sizeof(((struct wire_##message *)0)->name)
#define BYTES_U16 BYTES_U8
#define BYTES_U32 BYTES_U8
#define BYTES_U64 BYTES_U8
#define BYTES_TEXT(message, name) sizeof(((struct wire_##message *)0)->name.length)
#define BYTES_BYTES BYTES_TEXT
#define BYTES_I32S(message, name) sizeof(((struct wire_##message *)0)->name.count)

#define ADD_BYTES(message, name, TYPE) +BYTES_##TYPE(message, name)
#define CHECK(name, NAME, kind, word, has_values)                                                                     \
    _Static_assert(WIRE_KIND_BYTES WIRE_##NAME##_FIELDS(ADD_BYTES) == WIRE_##NAME##_BYTES, "wire size of " word);       \
    _Static_assert(WIRE_##NAME##_BYTES + WIRE_CRC_BYTES <= WIRE_BINARY_MESSAGE_BYTES_MAX, "too long: " word);
WIRE_MESSAGES(CHECK)

#define FIELD(message, name, TYPE) {WIRE_FIELD_##TYPE, (uint8_t)offsetof(struct wire_##message, name)},
#define FIELDS(name, NAME, kind, word, has_values)                                                                    \
    static const struct wire_field name##_fields[] = {WIRE_##NAME##_FIELDS(FIELD)};
WIRE_MESSAGES(FIELDS)

#define LAYOUT(name, NAME, kind, word, has_values)                                                                    \
    [WIRE_ID_##NAME] = {word, name##_fields, sizeof name##_fields / sizeof name##_fields[0], kind},
const struct wire_layout wire_layouts[WIRE_ID_COUNT] = {WIRE_MESSAGES(LAYOUT)};

uint64_t wire_load(const void *field, uint8_t type)
{
    switch (type) {
    case WIRE_FIELD_U8:
        return *(const uint8_t *)field;
    case WIRE_FIELD_U16:
        return *(const uint16_t *)field;
    case WIRE_FIELD_U32:
        return *(const uint32_t *)field;
    default:
        return *(const uint64_t *)field;
    }
}

void wire_store(void *field, uint8_t type, uint64_t value)
{
    switch (type) {
    case WIRE_FIELD_U8:
        *(uint8_t *)field = (uint8_t)value;
        break;
    case WIRE_FIELD_U16:
        *(uint16_t *)field = (uint16_t)value;
        break;
    case WIRE_FIELD_U32:
        *(uint32_t *)field = (uint32_t)value;
        break;
    default:
        *(uint64_t *)field = value;
        break;
    }
}

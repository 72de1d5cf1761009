#include "wire.h"

#include <stddef.h>

#include "../port/flash.h"

/* Fields are copied between structures and messages as they lie in memory, and messages are little-endian. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "a big-endian chip needs its fields turned round");

const uint8_t wire_field_bytes[] FLASH = {
    [WIRE_FIELD_U8] = 1,   [WIRE_FIELD_U16] = 2,   [WIRE_FIELD_U32] = 4,  [WIRE_FIELD_U64] = 8,
    [WIRE_FIELD_TEXT] = 0, [WIRE_FIELD_BYTES] = 0, [WIRE_FIELD_I32S] = 0,
};

const uint8_t wire_value_bytes[] FLASH = {
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
    _Static_assert(WIRE_##NAME##_BYTES + WIRE_CRC_BYTES <= WIRE_BINARY_MESSAGE_BYTES_MAX, "too long: " word);             \
    _Static_assert(sizeof word - 1 <= WIRE_WORD_BYTES_MAX, "too long a word: " word);
WIRE_MESSAGES(CHECK)

#define FIELD(message, name, TYPE) {WIRE_FIELD_##TYPE, (uint8_t)offsetof(struct wire_##message, name)},
#define FIELDS(name, NAME, kind, word, has_values)                                                                    \
    static const struct wire_field name##_fields[] FLASH = {WIRE_##NAME##_FIELDS(FIELD)};
WIRE_MESSAGES(FIELDS)

#define LAYOUT(name, NAME, kind, word, has_values)                                                                    \
    [WIRE_ID_##NAME] = {word, kind, sizeof name##_fields / sizeof name##_fields[0], name##_fields},
const struct wire_layout wire_layouts[WIRE_ID_COUNT] FLASH = {WIRE_MESSAGES(LAYOUT)};

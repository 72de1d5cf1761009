#include "receive.h"

#include "../port/flash.h"
#include "../port/port.h"

#define NO_TEXT UINT16_MAX

static struct receive_slot slots[RECEIVE_SLOTS];
static volatile uint8_t whole;  /* messages that wait */
static uint8_t filling;         /* index of the slot that the interrupt fills */
static uint8_t taking;          /* index of the oldest whole one */
static volatile uint8_t expected;
static volatile uint16_t errors;
static uint16_t length;  /* bytes in the slot being filled */
static uint16_t text_at; /* where its last `!` lies: what came before is noise */
static bool overlong;

void receive_restart(void)
{
    /* Bytes may come already. */
    uint32_t state = port_lock();
    whole = 0;
    filling = 0;
    taking = 0;
    expected = WIRE_ENCODING_TEXT;
    errors = 0;
    length = 0;
    text_at = NO_TEXT;
    overlong = false;
    port_unlock(state);
}

void receive_expect(enum wire_encoding encoding)
{
    expected = (uint8_t)encoding;
}

void receive_error(void)
{
    uint32_t state = port_lock();
    errors = (uint16_t)(errors + 1u);
    port_unlock(state);
}

uint16_t receive_errors(void)
{
    uint32_t state = port_lock();
    uint16_t count = errors;
    port_unlock(state);
    return count;
}

static void begin(void)
{
    length = 0;
    text_at = NO_TEXT;
    overlong = false;
}

/* Ends the message in the slot being filled. */
static bool complete(uint16_t start, bool text, uint32_t now_us)
{
    uint16_t end = length;
    bool lost = overlong || whole == RECEIVE_SLOTS;
    begin();
    if (lost) {
        errors = (uint16_t)(errors + 1u);
        return false;
    }
    struct receive_slot *slot = &slots[filling];
    slot->end_us = now_us;
    slot->start = start;
    slot->length = (uint16_t)(end - start);
    slot->text = text;
    filling = (uint8_t)((filling + 1u) % RECEIVE_SLOTS);
    whole = (uint8_t)(whole + 1u);
    return true;
}

/* `!HELLO,` can't be the beginning of a binary message from a host: after COBS' first byte comes a kind, and `H` is none. */
static bool is_hello(const uint8_t *bytes, uint16_t count)
{
    static const char word[] FLASH = "!HELLO,";
    for (uint8_t i = 0; i < sizeof word - 1; i++) {
        if (i >= count || bytes[i] != flash_u8(&word[i])) {
            return false;
        }
    }
    return true;
}

bool receive_byte(uint8_t byte, uint32_t now_us)
{
    if (byte == 0) {
        /* A host that still speaks binary to a board that was reset: noise, but the next message is whole. */
        if (length == 0 && !overlong) {
            return false;
        }
        return complete(0, false, now_us);
    }
    /* While all slots are full, `filling` is the one being taken: its bytes must not change under the reader. */
    bool full = whole == RECEIVE_SLOTS;
    /* In binary a line feed is data, but what grew too long may be text: the next `hello` is to be heard. */
    if (byte == '\n' && (overlong || (full && expected == WIRE_ENCODING_TEXT))) {
        return complete(0, true, now_us);
    }
    if (byte == '\n') {
        uint16_t start = text_at == NO_TEXT ? 0 : text_at;
        if (expected == WIRE_ENCODING_TEXT ||
            (text_at != NO_TEXT && is_hello(slots[filling].bytes + start, (uint16_t)(length - start)))) {
            return length > 0 && complete(start, true, now_us);
        }
    }
    if (length >= RECEIVE_SLOT_BYTES) {
        overlong = true;
    }
    if (overlong || full) {
        length = length == 0 ? 1 : length;
        return false;
    }
    if (byte == '!') {
        text_at = length;
    }
    slots[filling].bytes[length++] = byte;
    return false;
}

struct receive_slot *receive_take(void)
{
    uint32_t state = port_lock();
    struct receive_slot *slot = whole > 0 ? &slots[taking] : 0;
    port_unlock(state);
    return slot;
}

void receive_done(void)
{
    taking = (uint8_t)((taking + 1u) % RECEIVE_SLOTS);
    uint32_t state = port_lock();
    whole = (uint8_t)(whole - 1u);
    port_unlock(state);
}

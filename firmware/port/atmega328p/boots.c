/*
 * The number of the boot, counted in the EEPROM. The records are written in turn, so that each wears out only after
 * 64 times 100,000 boots. A boot whose record was cut short by a power failure has not told anyone its number, and the
 * next one takes it.
 */
#include <avr/eeprom.h>

#include "board.h"

#define RECORDS 64u

struct record {
    uint32_t count;
    uint8_t check;
};
_Static_assert(sizeof(struct record) == 5, "no padding");

/* From the EEPROM's first byte. */
static struct record *record_at(uint32_t count)
{
    return (struct record *)(uint16_t)((uint8_t)(count % RECORDS) * sizeof(struct record));
}

/* Neither an erased record nor one of zeros is good. */
static uint8_t check_of(uint32_t count)
{
    return (uint8_t)(0xA5u ^ count ^ count >> 8 ^ count >> 16 ^ count >> 24);
}

uint32_t boots_count(void)
{
    struct record record;
    uint32_t newest = 0;
    for (uint8_t i = 0; i < RECORDS; i++) {
        eeprom_read_block(&record, record_at(i), sizeof record);
        if (record.check == check_of(record.count) && record.count % RECORDS == i && record.count > newest) {
            newest = record.count;
        }
    }
    record.count = newest + 1u;
    record.check = check_of(record.count);
    eeprom_update_block(&record, record_at(record.count), sizeof record);
    eeprom_busy_wait();
    return record.count;
}

/* What an application gives to the core. Everything here is called in work context, but for app_loop. */
#ifndef TAUTLINE_APP_H
#define TAUTLINE_APP_H

#include <stdbool.h>
#include <stdint.h>

#include "wire.gen.h"

/* What there is room for; a port with little memory sets less. */
#ifndef APP_STREAMS_MAX
#define APP_STREAMS_MAX WIRE_STREAMS_MAX
#endif
#ifndef APP_VALUES_MAX
#define APP_VALUES_MAX WIRE_SIGNALS_MAX
#endif
#define APP_NAME_BYTES_MAX 32u

/* All that is declared here as constant lies in flash (FLASH in port/flash.h). */
struct app_stream {
    uint8_t id;
    uint8_t value_count;
    uint16_t ticks;       /* period in ticks, at least 1 */
    const uint8_t *types; /* enum wire_value_type, one per value */
};

struct app_command {
    char name[APP_NAME_BYTES_MAX + 1];
    uint8_t argument_count;
    bool dangerous; /* needs an armed board */
    int32_t min;    /* of every argument, raw */
    int32_t max;
    enum wire_answer_code (*run)(const int32_t *arguments);
};

extern const struct app_stream app_streams[];
extern const uint8_t app_stream_count;
extern const struct app_command app_commands[];
extern const uint8_t app_command_count;

/* What each output is set to while the board is not armed, in permille. */
extern const uint16_t app_safe_outputs[];
extern const uint8_t app_output_count;

/* Said in the boot event. */
extern const char app_version[];

/* JSON in flash, at most WIRE_DESCRIPTOR_BYTES_MAX bytes, the same for the whole run. */
const uint8_t *app_descriptor(uint16_t *bytes);
uint32_t app_tick_us(void);
uint32_t app_watchdog_us(void);

void app_start(void);

/* The job of a stream, by its index in `app_streams`. False: no sample for this release, which counts as skipped. */
bool app_step(uint8_t stream, uint32_t release_us);

/* Fills the values of the frame, after it was stamped. */
void app_read(uint8_t stream, int32_t *raw);

/* Once per turn of the main loop, in the main loop's context. */
void app_loop(void);

#endif

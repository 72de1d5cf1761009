#include "board.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../app/descriptor.h"
#include "../../core/app.h"

static char text[WIRE_DESCRIPTOR_BYTES_MAX + 1];
static uint32_t period_us;

/* Replaces the value of `key`, which occurs once and whose value ends with a comma, by `value`. */
static void replace(const char *key, const char *value)
{
    char *at = strstr(text, key);
    char *end = at == 0 ? 0 : strchr(at, ',');
    size_t kept = end == 0 ? 0 : strlen(end);
    if (end == 0 || (size_t)(at - text) + strlen(key) + strlen(value) + kept >= sizeof text) {
        fprintf(stderr, "tautline-host: the descriptor has no room for %s%s\n", key, value);
        exit(1);
    }
    memmove(at + strlen(key) + strlen(value), end, kept + 1);
    memcpy(at + strlen(key), value, strlen(value));
}

void board_declare(const struct options *options)
{
    char value[48];
    period_us = (1000000u + options->rate_hz / 2u) / options->rate_hz;
    memcpy(text, descriptor_text, (size_t)descriptor_bytes + 1);
    snprintf(value, sizeof value, "%u", options->rate_hz);
    replace("\"tickHz\":", value);
    snprintf(value, sizeof value, "%u", period_us);
    replace("\"periodUs\":", value);
    snprintf(value, sizeof value, "%u", options->baud);
    replace("\"baud\":", value);
    if (options->id != 0) {
        snprintf(value, sizeof value, "\"%s\"", options->id);
        replace("\"id\":", value);
    }
}

const uint8_t *app_descriptor(uint16_t *bytes)
{
    *bytes = (uint16_t)strlen(text);
    return (const uint8_t *)text;
}

uint32_t app_tick_us(void)
{
    return period_us;
}

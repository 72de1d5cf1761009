/*
 * A UART and its line, modelled on a pseudo-terminal: each byte takes its time in both directions, and what nobody
 * reads is lost, as on a wire. Times are CLOCK_MONOTONIC in nanoseconds.
 */
#ifndef TAUTLINE_HOST_LINE_H
#define TAUTLINE_HOST_LINE_H

#include <stdbool.h>
#include <stdint.h>

#define LINE_NEVER INT64_MAX

struct line_counters {
    uint64_t sent;    /* bytes that a reader could have */
    uint64_t unheard; /* while nobody had the port open */
    uint64_t lost;    /* because the reader did not read */
};

/* Opens a pseudo-terminal, or takes the one `inherited` (-1: none) from the boot before. `instant`: bytes take no time. Ends
 * the process on failure. */
void line_open(int inherited, uint32_t baud, bool instant);
int line_descriptor(void);
const char *line_path(void);

/* The ring has bytes. */
void line_kick(int64_t now_ns);

/* Takes out of the ring what has left the line by now; line_service does so too. */
void line_transmit(int64_t now_ns);

/* Moves what has had its time by now. True when a message from the host is whole. */
bool line_service(int64_t now_ns, uint32_t (*to_device_us)(int64_t ns));

/* The next instant at which line_service has something to do, and whether input is to be waited for. */
int64_t line_next_ns(void);
bool line_listening(void);

uint32_t line_byte_ns(void);
struct line_counters line_counters(void);

#endif

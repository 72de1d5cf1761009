/* The command line of the host port. */
#ifndef TAUTLINE_HOST_OPTIONS_H
#define TAUTLINE_HOST_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

struct options {
    uint32_t rate_hz;
    uint32_t baud;
    bool instant; /* the line takes no time, whatever the rate is called */
    const char *id;   /* null: the descriptor's */
    const char *link; /* null: none */
    uint64_t periods; /* 0: for ever */
    int fifo_priority; /* 0: the ordinary scheduler */
    uint32_t spin_us; /* awake so long before each release */
    bool seeded;
    uint32_t seed;
    bool line_faults;     /* take them from stdin */
    const char *line_log; /* null: none */
};

/* Ends the process with status 0 after --help, and with 2 and a sentence on stderr when an argument is wrong. */
struct options options_parse(int argc, char **argv);

#endif

/* A board on the bench: the real core over a port whose clock, line and output the test holds in its hands. */
#ifndef TAUTLINE_TEST_BENCH_H
#define TAUTLINE_TEST_BENCH_H

#include <stdbool.h>
#include <stdint.h>

#define BENCH_TICK_US 1000u
#define BENCH_WATCHDOG_US 100000u

struct bench {
    uint32_t now_us;
    uint32_t next_tick_us;
    uint16_t output;
    uint32_t feeds;      /* of the hardware watchdog */
    uint32_t entropy;
    uint16_t uart_bytes; /* that the UART says it holds */
    int commands;        /* executed by the application */
    int32_t argument;
    bool has_sample;     /* what app_step returns */
    uint32_t job_us;     /* how long a job takes */
    uint16_t wanted;     /* what the application asks of its output */
    char heard[1 << 19];   /* what the board sent, since the last bench_listen; zero-terminated, 0x00 shown as '|' */
    uint32_t heard_bytes;
};

extern struct bench bench;

/* A board that has just booted, with its boot event thrown away. `start_us` is the time of the first tick. */
void bench_boot(uint32_t start_us);

/* Time goes on to the next release; interrupt, work and main loop run. */
void bench_ticks(uint32_t count);

/* A text line from the host: `!`, body, CRC. Work runs. */
void bench_say(const char *format, ...);
void bench_bytes(const uint8_t *bytes, uint32_t length);

/* Empties the ring into `heard`; true when the text occurs in it. */
bool bench_heard(const char *text);
void bench_listen(void);

/* hello, start, in text; a heartbeat that is acceptable now; a command with the next counter; armed by all three. */
void bench_stream(void);
void bench_heartbeat(void);
void bench_command(const char *name_and_arguments);
void bench_arm(void);
uint32_t bench_heartbeat_counter(void);

#endif

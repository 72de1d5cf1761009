/*
 * Faults of the modelled line, asked for on stdin, and a log of the truth: what had left the UART when, and what a reader
 * could have when. Only what tests and measurements ask for; without `line_faults_start` nothing here does anything.
 *
 *     delay US    bytes that leave the UART in the next US microseconds are kept back until then, in order
 *     drop N      the next N bytes to the host are lost
 *     flip N      one bit of each of the next N bytes to the host is flipped
 *
 * The log is a sequence of records: i64 time (CLOCK_MONOTONIC, ns), u8 kind (0: left the UART, 1: readable), u8 0, u16
 * length, and so many bytes; little-endian.
 */
#ifndef TAUTLINE_HOST_LINE_FAULTS_H
#define TAUTLINE_HOST_LINE_FAULTS_H

#include <stdbool.h>
#include <stdint.h>

/* Opens the log (0: none), appending; listens to stdin from now on. Ends the process on failure. */
void line_faults_start(const char *log);

/* Where commands come from, for poll; -1 when nobody can give any. */
int line_faults_descriptor(void);

/* Bytes that left the UART now go on their way to `deliver`. */
void line_faults_send(int64_t now_ns, uint8_t *bytes, uint32_t length, void (*deliver)(const uint8_t *, uint32_t));

/* Takes commands, and delivers what was kept back long enough. */
void line_faults_service(int64_t now_ns, void (*deliver)(const uint8_t *, uint32_t));

/* The next instant at which line_faults_service has something to do. */
int64_t line_faults_next_ns(void);

#endif

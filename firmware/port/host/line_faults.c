#include "line_faults.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "line.h"

#define KEPT_BYTES 65536u /* more than the longest delay fills */
#define COMMAND_BYTES 64u

enum record { RECORD_SENT, RECORD_READABLE };

static FILE *log_file;
static int commands = -1;
static char command[COMMAND_BYTES];
static uint32_t command_length;

static int64_t keep_until_ns;
static uint8_t kept[KEPT_BYTES];
static uint32_t kept_length;
static uint32_t drops;
static uint32_t flips;

static void record(enum record kind, int64_t at_ns, const uint8_t *bytes, uint32_t length)
{
    uint8_t head[12];
    if (log_file == 0 || length == 0) {
        return;
    }
    memcpy(head, &at_ns, 8);
    head[8] = (uint8_t)kind;
    head[9] = 0;
    head[10] = (uint8_t)length;
    head[11] = (uint8_t)(length >> 8);
    fwrite(head, 1, sizeof head, log_file);
    fwrite(bytes, 1, length, log_file);
}

void line_faults_start(const char *log)
{
    if (log != 0) {
        log_file = fopen(log, "ab");
        if (log_file == 0) {
            fprintf(stderr, "tautline-host: --line-log %s: %s\n", log, strerror(errno));
            exit(1);
        }
        setvbuf(log_file, 0, _IOFBF, 1u << 16);
    }
    commands = STDIN_FILENO;
    fcntl(commands, F_SETFL, fcntl(commands, F_GETFL) | O_NONBLOCK);
}

int line_faults_descriptor(void)
{
    return commands;
}

static void obey(int64_t now_ns)
{
    unsigned long value;
    char word[8];
    if (sscanf(command, "%7s %lu", word, &value) != 2) {
        value = 0;
        word[0] = 0;
    }
    if (strcmp(word, "delay") == 0) {
        keep_until_ns = now_ns + (int64_t)value * 1000;
    } else if (strcmp(word, "drop") == 0) {
        drops = (uint32_t)value;
    } else if (strcmp(word, "flip") == 0) {
        flips = (uint32_t)value;
    } else {
        fprintf(stderr, "tautline-host: no line fault \"%s\"; give delay US, drop N or flip N\n", command);
    }
}

static void listen(int64_t now_ns)
{
    char byte;
    ssize_t count;
    while ((count = read(commands, &byte, 1)) == 1) {
        if (byte == '\n') {
            command[command_length] = 0;
            command_length = 0;
            obey(now_ns);
        } else if (command_length < COMMAND_BYTES - 1u) {
            command[command_length++] = byte;
        }
    }
    if (count == 0) {
        commands = -1; /* whoever gave the commands is gone */
    }
}

/* Loses and damages bytes in place. @returns how many are left */
static uint32_t damage(uint8_t *bytes, uint32_t length)
{
    uint32_t left = 0;
    for (uint32_t i = 0; i < length; i++) {
        if (drops > 0) {
            drops--;
            continue;
        }
        bytes[left] = bytes[i];
        if (flips > 0) {
            flips--;
            bytes[left] ^= (uint8_t)(1u << (flips % 8u));
        }
        left++;
    }
    return left;
}

void line_faults_send(int64_t now_ns, uint8_t *bytes, uint32_t length, void (*deliver)(const uint8_t *, uint32_t))
{
    record(RECORD_SENT, now_ns, bytes, length);
    length = damage(bytes, length);
    if (now_ns < keep_until_ns && kept_length + length <= KEPT_BYTES) {
        memcpy(kept + kept_length, bytes, length);
        kept_length += length;
        return;
    }
    line_faults_service(now_ns, deliver); /* what was kept back goes first */
    record(RECORD_READABLE, now_ns, bytes, length);
    deliver(bytes, length);
}

void line_faults_service(int64_t now_ns, void (*deliver)(const uint8_t *, uint32_t))
{
    if (commands >= 0) {
        listen(now_ns);
    }
    if (kept_length > 0 && now_ns >= keep_until_ns) {
        /* Records have 16 bits for their length. */
        for (uint32_t at = 0; at < kept_length; at += UINT16_MAX) {
            uint32_t piece = kept_length - at < UINT16_MAX ? kept_length - at : UINT16_MAX;
            record(RECORD_READABLE, now_ns, kept + at, piece);
            deliver(kept + at, piece);
        }
        kept_length = 0;
    }
}

int64_t line_faults_next_ns(void)
{
    return kept_length > 0 ? keep_until_ns : LINE_NEVER;
}

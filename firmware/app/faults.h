/*
 * Defects on command, for tests of everything that has to notice them. Only the *-test images have them: without
 * APP_FAULTS the hooks are empty and the commands do not exist.
 */
#ifndef TAUTLINE_APP_FAULTS_H
#define TAUTLINE_APP_FAULTS_H

#include <stdbool.h>
#include <stdint.h>

#include "../core/wire.gen.h"

#if defined(APP_FAULTS)

/* The main loop hangs; interrupts and work go on. With interrupts: everything hangs. The hardware watchdog ends both. */
enum wire_answer_code faults_hang(const int32_t *arguments);
enum wire_answer_code faults_hang_interrupts(const int32_t *arguments);
/* The next job runs this many microseconds longer. */
enum wire_answer_code faults_overrun(const int32_t *arguments);
/* The next frame is held for this many microseconds after it was stamped. */
enum wire_answer_code faults_hidden(const int32_t *arguments);
/* The next so many releases are not run. */
enum wire_answer_code faults_skip(const int32_t *arguments);
/* The next so many jobs fill the transmit ring before their frame comes. */
enum wire_answer_code faults_flood(const int32_t *arguments);

void faults_restart(void);
/* In the job; false: skip this release. */
bool faults_in_job(void);
/* After the stamp. */
void faults_after_stamp(void);
void faults_in_loop(void);

#else

static inline void faults_restart(void)
{
}

static inline bool faults_in_job(void)
{
    return true;
}

static inline void faults_after_stamp(void)
{
}

static inline void faults_in_loop(void)
{
}

#endif

#endif

/* The board's own figures, sent once a second. Sums and counts run since boot and wrap; the maxima are of the last second. */
#ifndef TAUTLINE_STATUS_H
#define TAUTLINE_STATUS_H

#include <stdint.h>

void status_restart(uint32_t first_us);

/* One frame: how long its job ran until encoding, and how long encoding and enqueueing took. */
void status_job(uint16_t exec_us, uint16_t send_us);

/* A job that had not ended when its next release was due. */
void status_overrun(void);

/* One turn of the main loop, in its context. */
void status_loop(void);

void status_send_if_due(uint32_t now_us);

#endif

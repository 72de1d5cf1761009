/* PI speed controller with limited output and an integral that stops at the limits. */
#ifndef TAUTLINE_CONTROLLER_H
#define TAUTLINE_CONTROLLER_H

#include <stdint.h>

#define CONTROLLER_DUTY_MAX 1000 /* permille */

struct controller {
    int32_t integral; /* millionths of a permille */
};

/* Returns the duty in permille. Call it once every `step_us` (at most 10000). */
uint16_t controller_step(struct controller *controller, int32_t setpoint_rpm, int32_t speed_rpm, uint32_t step_us);

/* Without integral: what it learned under power says nothing after a stop. */
void controller_restart(struct controller *controller);

#endif

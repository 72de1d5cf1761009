/*
 * A brushed DC motor of 12 V with a load, in fixed point: no-load speed 3750 rpm, 10 A stall current, and a winding that warms up
 * with a time constant of 20 s. Unpowered it coasts; its fan then turns slowly in the draught.
 */
#ifndef TAUTLINE_MOTOR_H
#define TAUTLINE_MOTOR_H

#include <stdbool.h>
#include <stdint.h>

struct motor {
    int32_t speed_mrpm;     /* 1/1000 rpm */
    int32_t current_ua;     /* uA */
    int32_t temperature_uc; /* 1/1000000 degree Celsius */
    uint32_t time_us;       /* wraps; drives the load profile */
    int32_t load_ma;        /* the load's torque, as the current that balances it */
};

void motor_restart(struct motor *motor, int32_t ambient_uc);

/* One step of `step_us` (at most 10000). `powered` false: the bridge is open, no current flows whatever the duty. */
void motor_step(struct motor *motor, uint32_t step_us, uint16_t duty_permille, bool powered, int32_t ambient_uc);

#endif

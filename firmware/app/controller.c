#include "controller.h"

/* Everything in millionths of a permille, so that the integral of one step is a plain product; the full duty fits in 31 bits. */
#define DUTY_UNIT 1000000
#define GAIN 300000      /* per rpm */
#define INTEGRAL_PER_S 2 /* permille per rpm and second, which is millionths of a permille per rpm and microsecond */
#define ERROR_MAX_RPM 3000

static int32_t limit(int32_t value, int32_t min, int32_t max)
{
    if (value < min) {
        return min;
    }
    return value > max ? max : value;
}

void controller_restart(struct controller *controller)
{
    controller->integral = 0;
}

uint16_t controller_step(struct controller *controller, int32_t setpoint_rpm, int32_t speed_rpm, uint32_t step_us)
{
    const int32_t max = CONTROLLER_DUTY_MAX * DUTY_UNIT;
    int32_t error_rpm = limit(setpoint_rpm - speed_rpm, -ERROR_MAX_RPM, ERROR_MAX_RPM);
    int32_t increment = error_rpm * INTEGRAL_PER_S * (int32_t)step_us;
    controller->integral = limit(controller->integral + increment, 0, max);
    return (uint16_t)(limit(error_rpm * GAIN + controller->integral, 0, max) / DUTY_UNIT);
}

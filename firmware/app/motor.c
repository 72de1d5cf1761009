#include "motor.h"

#include "noise.h"

#define SUPPLY_MV 12000
#define RESISTANCE_MOHM 1200
#define BACK_EMF_UV_PER_RPM 3200
#define CURRENT_LAG_US 4000        /* winding and filter of the current sensor */
#define ACCELERATION_RPM_PER_S_PER_MA 2
#define FRICTION_UA_PER_RPM 200
#define THERMAL_LAG_S 20
#define THERMAL_MC_PER_W 6000      /* at rest, above ambient */
#define PROFILE_US 8000000u        /* one round of the load */

void motor_restart(struct motor *motor, int32_t ambient_uc)
{
    *motor = (struct motor){.temperature_uc = ambient_uc, .load_ma = 400};
}

/* A steady load with a ripple, and once a round something heavy to lift. */
static int32_t load_now_ma(const struct motor *motor)
{
    uint32_t at_us = motor->time_us % PROFILE_US;
    int32_t load_ma = motor->load_ma + motor->load_ma * noise_sine(at_us % 500000u * 2u) / 8000;
    return at_us >= 5000000u && at_us < 6200000u ? load_ma + 900 : load_ma;
}

/* The draught at the fan, as a current: turns an unpowered motor at about 150 rpm, with a gust every 4 s. */
static int32_t draught_ma(const struct motor *motor)
{
    return 30 + noise_sine(motor->time_us % 4000000u / 4u) / 40 + noise_sine(motor->time_us % 700000u * 10u / 7u) / 200;
}

static void step_current(struct motor *motor, uint32_t step_us, uint16_t duty_permille, bool powered)
{
    int32_t rpm = motor->speed_mrpm / 1000;
    int32_t voltage_mv = SUPPLY_MV / 1000 * duty_permille - rpm * BACK_EMF_UV_PER_RPM / 1000;
    int32_t target_ua = powered ? voltage_mv * (1000000 / RESISTANCE_MOHM) : 0;
    int32_t lag_us = step_us < CURRENT_LAG_US ? CURRENT_LAG_US : (int32_t)step_us;
    motor->current_ua += (target_ua - motor->current_ua) / lag_us * (int32_t)step_us;
}

static void step_speed(struct motor *motor, uint32_t step_us, bool powered)
{
    int32_t rpm = motor->speed_mrpm / 1000;
    int32_t torque_ma = motor->current_ua / 1000 - rpm * FRICTION_UA_PER_RPM / 1000 + draught_ma(motor);
    /* The load is lifted by a driven motor only, and brakes: it can stop the shaft but not turn it back. */
    int32_t load_ma = powered ? load_now_ma(motor) : 0;
    int32_t change_mrpm = (torque_ma - load_ma) * ACCELERATION_RPM_PER_S_PER_MA * (int32_t)step_us / 1000;
    motor->speed_mrpm += change_mrpm;
    if (motor->speed_mrpm < 0) {
        motor->speed_mrpm = 0;
    }
}

static void step_temperature(struct motor *motor, uint32_t step_us, int32_t ambient_uc)
{
    int32_t current_ma = motor->current_ua / 1000;
    int32_t heat_mw = current_ma * current_ma / 1000 * RESISTANCE_MOHM / 1000;
    int32_t target_uc = ambient_uc + heat_mw * THERMAL_MC_PER_W;
    motor->temperature_uc += (target_uc - motor->temperature_uc) / (THERMAL_LAG_S * 1000000 / (int32_t)step_us);
}

void motor_step(struct motor *motor, uint32_t step_us, uint16_t duty_permille, bool powered, int32_t ambient_uc)
{
    motor->time_us += step_us;
    step_current(motor, step_us, duty_permille, powered);
    step_speed(motor, step_us, powered);
    step_temperature(motor, step_us, ambient_uc);
}

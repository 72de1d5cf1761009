#include "../app/controller.h"
#include "../app/motor.h"
#include "../app/noise.h"
#include "harness.h"

#define AMBIENT_UC 25000000

static int32_t rpm_after(int32_t setpoint_rpm, uint32_t seconds, uint32_t step_us)
{
    struct motor motor;
    struct controller controller;
    motor_restart(&motor, AMBIENT_UC);
    controller_restart(&controller);
    motor.load_ma = 300;
    for (uint32_t i = 0; i < seconds * (1000000u / step_us); i++) {
        uint16_t duty = controller_step(&controller, setpoint_rpm, motor.speed_mrpm / 1000, step_us);
        CHECK(duty <= CONTROLLER_DUTY_MAX);
        motor_step(&motor, step_us, duty, true, AMBIENT_UC);
    }
    return motor.speed_mrpm / 1000;
}

static void the_controller_holds_the_setpoint(void)
{
    int32_t rpm = rpm_after(2000, 4, 1000);
    CHECK(rpm > 1980 && rpm < 2020);
}

static void it_does_so_at_every_rate_of_the_host_port(void)
{
    static const uint32_t steps_us[] = {100, 200, 1000, 5000, 10000};
    for (unsigned i = 0; i < sizeof steps_us / sizeof steps_us[0]; i++) {
        int32_t rpm = rpm_after(2000, 4, steps_us[i]);
        CHECK(rpm > 1900 && rpm < 2100);
    }
}

static void what_cannot_be_reached_ends_at_full_duty(void)
{
    int32_t rpm = rpm_after(100000, 10, 1000);
    CHECK(rpm > 2000 && rpm < 4000);
}

static void an_unpowered_motor_coasts_down_and_goes_on_turning_in_the_draught(void)
{
    struct motor motor;
    motor_restart(&motor, AMBIENT_UC);
    motor.speed_mrpm = 3000000;
    for (int i = 0; i < 1000; i++) {
        motor_step(&motor, 1000, 1000, false, AMBIENT_UC);
    }
    CHECK(motor.speed_mrpm < 3000000 && motor.speed_mrpm > 1000000);
    for (int i = 0; i < 20000; i++) {
        motor_step(&motor, 1000, 1000, false, AMBIENT_UC);
    }
    CHECK(motor.speed_mrpm > 20000 && motor.speed_mrpm < 400000);
}

static void current_warms_the_winding_within_bounds(void)
{
    struct motor motor;
    motor_restart(&motor, AMBIENT_UC);
    motor.load_ma = 3000;
    for (int i = 0; i < 120000; i++) {
        motor_step(&motor, 1000, 1000, true, AMBIENT_UC);
    }
    CHECK(motor.temperature_uc > AMBIENT_UC + 10000000);
    CHECK(motor.temperature_uc < 200000000);
}

static void the_sine_is_odd_and_bounded(void)
{
    for (uint32_t phase = 0; phase < 500000; phase += 777) {
        CHECK(noise_sine(phase) >= 0 && noise_sine(phase) <= 1000);
        CHECK_EQUAL(noise_sine(phase), -noise_sine(phase + 500000));
    }
}

static void noise_is_the_same_for_the_same_seed(void)
{
    noise_restart(9);
    int32_t first = noise_sample(1000);
    noise_restart(9);
    CHECK_EQUAL(noise_sample(1000), first);
    for (int i = 0; i < 10000; i++) {
        int32_t sample = noise_sample(12);
        CHECK(sample >= -12 && sample <= 12);
    }
}

const struct test motor_tests[] = {
    TEST(the_controller_holds_the_setpoint),
    TEST(it_does_so_at_every_rate_of_the_host_port),
    TEST(what_cannot_be_reached_ends_at_full_duty),
    TEST(an_unpowered_motor_coasts_down_and_goes_on_turning_in_the_draught),
    TEST(current_warms_the_winding_within_bounds),
    TEST(the_sine_is_odd_and_bounded),
    TEST(noise_is_the_same_for_the_same_seed),
    {0, 0},
};

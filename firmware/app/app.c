/* The sample application: speed control of a motor that exists only as arithmetic, with one real output. */
#include "../core/app.h"

#include "../core/safety.h"
#include "../port/flash.h"
#include "../port/port.h"
#include "controller.h"
#include "descriptor.h"
#include "faults.h"
#include "motor.h"
#include "noise.h"

#define OUTPUT_DUTY 0
#define AMBIENT_DEFAULT 2500        /* hundredths of a degree, where the port has no sensor */
#define AMBIENT_LAG_TICKS 1024      /* smooths the sensor */
#define TEMPERATURE_MAX_UC 130000000 /* of the winding: the fault latch */
#define PROFILE_STEP_US 4000000u
#define RAW_PER_RPM 4

static struct motor motor;
static struct controller controller;
static int32_t setpoint_rpm; /* 0 while the profile decides */
static bool setpoint_given;
static int32_t ambient_uc;

static enum wire_answer_code set_setpoint(const int32_t *arguments)
{
    setpoint_rpm = arguments[0];
    setpoint_given = true;
    return WIRE_ANSWER_OK;
}

static enum wire_answer_code set_load(const int32_t *arguments)
{
    motor.load_ma = arguments[0];
    return WIRE_ANSWER_OK;
}

static const uint8_t control_types[] FLASH = {WIRE_VALUE_I16, WIRE_VALUE_I16, WIRE_VALUE_I16, WIRE_VALUE_I16};

const struct app_stream app_streams[] FLASH = {
    {.id = 0, .value_count = sizeof control_types, .ticks = 1, .types = control_types},
};
const uint8_t app_stream_count = sizeof app_streams / sizeof app_streams[0];
_Static_assert(sizeof app_streams / sizeof app_streams[0] <= APP_STREAMS_MAX, "more streams than there is room for");
_Static_assert(sizeof control_types <= APP_VALUES_MAX, "more values than there is room for");

const struct app_command app_commands[] FLASH = {
    {"setpoint", 1, false, 0, APP_SETPOINT_MAX_RPM, set_setpoint},
    {"load", 1, false, 0, APP_LOAD_MAX_MA, set_load},
#if defined(APP_FAULTS)
    {"fault-hang", 0, false, 0, 0, faults_hang},
    {"fault-hang-interrupts", 0, false, 0, 0, faults_hang_interrupts},
    {"fault-overrun", 1, false, 0, 1000000, faults_overrun},
    {"fault-hidden", 1, false, 0, 1000000, faults_hidden},
    {"fault-skip", 1, false, 0, 1000000, faults_skip},
    {"fault-flood", 1, false, 0, 1000000, faults_flood},
#endif
};
const uint8_t app_command_count = sizeof app_commands / sizeof app_commands[0];

const uint16_t app_safe_outputs[] FLASH = {[OUTPUT_DUTY] = 0};
const uint8_t app_output_count = sizeof app_safe_outputs / sizeof app_safe_outputs[0];

const char app_version[] FLASH = APP_VERSION;

#if !defined(APP_DESCRIPTOR_OF_PORT)
const uint8_t *app_descriptor(uint16_t *bytes)
{
    *bytes = descriptor_bytes;
    return (const uint8_t *)descriptor_text;
}

uint32_t app_tick_us(void)
{
    return APP_TICK_US;
}
#endif

uint32_t app_watchdog_us(void)
{
    return APP_WATCHDOG_MS * UINT32_C(1000); /* an int of 16 bits would be 34 ms */
}

void app_start(void)
{
    ambient_uc = AMBIENT_DEFAULT * 10000l;
    motor_restart(&motor, ambient_uc);
    controller_restart(&controller);
    noise_restart(0x7A0771E5u);
    setpoint_rpm = 0;
    setpoint_given = false;
    faults_restart();
}

/* Until somebody gives a setpoint, a round of four. */
static int32_t setpoint_now_rpm(void)
{
    static const uint16_t profile_rpm[] FLASH = {1200, 2400, 1800, 2800};
    if (setpoint_given) {
        return setpoint_rpm;
    }
    return flash_u16(&profile_rpm[motor.time_us / PROFILE_STEP_US % (sizeof profile_rpm / sizeof profile_rpm[0])]);
}

static void follow_ambient(void)
{
    int32_t sample = port_sample();
    if (sample != PORT_NO_SAMPLE) {
        ambient_uc += (sample * 10000 - ambient_uc) / AMBIENT_LAG_TICKS;
    }
}

bool app_step(uint8_t stream, uint32_t release_us)
{
    (void)stream;
    (void)release_us;
    if (!faults_in_job()) {
        return false;
    }
    uint16_t duty = 0;
    follow_ambient();
    if (safety_armed()) {
        duty = controller_step(&controller, setpoint_now_rpm(), motor.speed_mrpm / 1000, app_tick_us());
    } else {
        controller_restart(&controller);
    }
    safety_output(OUTPUT_DUTY, duty);
    motor_step(&motor, app_tick_us(), duty, safety_armed(), ambient_uc);
    if (motor.temperature_uc > TEMPERATURE_MAX_UC) {
        safety_trip(WIRE_TRIP_FAULT);
    }
    return true;
}

void app_read(uint8_t stream, int32_t *raw)
{
    (void)stream;
    faults_after_stamp();
    raw[0] = motor.speed_mrpm / (1000 / RAW_PER_RPM) + noise_sample(6);
    raw[1] = setpoint_now_rpm() * RAW_PER_RPM;
    raw[2] = motor.current_ua / 1000 + noise_sample(12);
    raw[3] = motor.temperature_uc / 10000 + noise_sample(3);
}

void app_loop(void)
{
    faults_in_loop();
}

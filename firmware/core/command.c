#include "command.h"

#include <stdbool.h>

#include "../port/flash.h"
#include "../port/port.h"
#include "app.h"
#include "clock.h"
#include "receive.h"
#include "safety.h"
#include "send.h"
#include "session.h"

static uint32_t last_counter; /* 0: none yet in this session */
static enum wire_answer_code last_answer;

void command_restart(void)
{
    last_counter = 0;
    last_answer = WIRE_ANSWER_STALE;
}

static bool named(const struct wire_command *command, const char *name)
{
    for (uint8_t i = 0; i < command->command.length; i++) {
        uint8_t letter = flash_u8(name + i);
        if (letter == 0 || letter != (uint8_t)command->command.bytes[i]) {
            return false;
        }
    }
    return flash_u8(name + command->command.length) == 0;
}

static enum wire_answer_code run_app_command(const struct app_command *declared, const struct wire_i32s *arguments)
{
    if (arguments->count != declared->argument_count) {
        return WIRE_ANSWER_BAD_ARGUMENTS;
    }
    for (uint8_t i = 0; i < arguments->count; i++) {
        if (arguments->values[i] < declared->min || arguments->values[i] > declared->max) {
            return WIRE_ANSWER_BAD_ARGUMENTS;
        }
    }
    if (declared->dangerous && !safety_armed()) {
        return WIRE_ANSWER_NOT_ARMED;
    }
    return declared->run(arguments->values);
}

static enum wire_answer_code execute(const struct wire_command *command)
{
    static const struct {
        char name[8];
        enum wire_answer_code (*run)(void);
    } built_in[] FLASH = {{"arm", safety_arm}, {"disarm", safety_disarm}, {"rearm", safety_rearm}};

#if defined(PLANT_TIMELESS_ARM)
    if (named(command, built_in[0].name)) {
        return safety_arm();
    }
#endif
    if (clock_since_us(port_now_us(), command->expiry_us) > 0) {
        return WIRE_ANSWER_EXPIRED;
    }
    for (uint8_t i = 0; i < sizeof built_in / sizeof built_in[0]; i++) {
        if (named(command, built_in[i].name)) {
            return command->arguments.count == 0 ? flash_pointer(&built_in[i].run)() : WIRE_ANSWER_BAD_ARGUMENTS;
        }
    }
    for (uint8_t i = 0; i < app_command_count; i++) {
        if (named(command, app_commands[i].name)) {
            struct app_command declared;
            flash_copy(&declared, &app_commands[i], sizeof declared);
            return run_app_command(&declared, &command->arguments);
        }
    }
    return WIRE_ANSWER_UNKNOWN_COMMAND;
}

static void answer(uint32_t counter, enum wire_answer_code code)
{
    /* ack and nack have the same fields; their kind tells them apart. */
    struct wire_ack message = {.session = session_tag(), .counter = counter, .code = (uint8_t)code};
    _Static_assert(sizeof(struct wire_ack) == sizeof(struct wire_nack), "ack and nack are alike");
    send_message(code == WIRE_ANSWER_OK ? WIRE_ID_ACK : WIRE_ID_NACK, &message);
}

void command_receive(const struct wire_command *command)
{
    if (command->session != session_tag() || session_monitoring()) {
        receive_error();
        return;
    }
    if (command->counter < last_counter || command->counter == 0) {
        answer(command->counter, WIRE_ANSWER_STALE);
        return;
    }
    /* The same counter again: the answer was lost. It is repeated, the command is not. */
    if (command->counter > last_counter) {
        last_counter = command->counter;
        last_answer = execute(command);
    }
    answer(command->counter, last_answer);
}

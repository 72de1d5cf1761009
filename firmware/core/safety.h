/*
 * The arm state and the gate in front of the outputs: whatever an application asks for, an output leaves its safe value
 * only while the board is armed. Work context.
 */
#ifndef TAUTLINE_SAFETY_H
#define TAUTLINE_SAFETY_H

#include <stdbool.h>
#include <stdint.h>

#include "wire.gen.h"

/* Outputs safe, disarmed. */
void safety_restart(void);

bool safety_armed(void);
enum wire_arm_state safety_state(void);
enum wire_trip_cause safety_trip_cause(void);

/* Commands. Arming needs a running heartbeat; a trip is latched until rearm, which leaves the board disarmed. */
enum wire_answer_code safety_arm(void);
enum wire_answer_code safety_disarm(void);
enum wire_answer_code safety_rearm(void);

/* Outputs to their safe values now, latched. The cause of the first trip stays. */
void safety_trip(enum wire_trip_cause cause);

/* For applications: sets an output, or its safe value while the board is not armed. */
void safety_output(uint8_t channel, uint16_t permille);

#endif

/*
 * The board's watch over its host. A heartbeat counts only when it is new (its counter rises) and when its host sees us
 * (it echoes a release younger than the watchdog's time). It vouches from that release on, not from its coming: so when the
 * host stops seeing us, by a half-open line or a hung loop, its last heartbeats do not add to the watchdog's time. Work context.
 */
#ifndef TAUTLINE_HEARTBEAT_H
#define TAUTLINE_HEARTBEAT_H

#include <stdbool.h>
#include <stdint.h>

#include "wire.gen.h"

#define HEARTBEAT_INVALID_MAX 5u

/* A new session: its counter starts again, nothing was accepted yet. */
void heartbeat_restart(void);

/* `received_us` is the stamp of its delimiter. Trips an armed board on the fifth unacceptable one in a row. */
void heartbeat_receive(const struct wire_heartbeat *heartbeat, uint32_t received_us);

/* Whether one was accepted that echoed a release within the watchdog's time. */
bool heartbeat_running(uint32_t now_us);

/* Called in every tick: trips an armed board when what the last one echoed is too long ago. */
void heartbeat_check(uint32_t now_us);

#endif

#include "descriptor.h"

#include "../core/wire.gen.h"
#include "../port/flash.h"

#define STRING_OF(value) #value
#define STRING(value) STRING_OF(value)

#define ZEROS_16 "0000000000000000"
#define SIGNAL(name, scale, unit, min, max)                                                                           \
    "{\"name\":\"" name "\",\"type\":\"i16\",\"scale\":" scale ",\"offset\":0,\"unit\":\"" unit "\",\"min\":" min         \
    ",\"max\":" max "}"
#define ARGUMENT(name, unit, max)                                                                                     \
    "{\"name\":\"" name "\",\"scale\":1,\"offset\":0,\"unit\":\"" unit "\",\"min\":0,\"max\":" max "}"
#define COMMAND(name, arguments) "{\"name\":\"" name "\",\"arguments\":[" arguments "],\"dangerous\":false}"

#if defined(APP_FAULTS)
#define FAULT_COMMANDS                                                                                                \
    "," COMMAND("fault-hang", "") "," COMMAND("fault-hang-interrupts", "") ","                                         \
    COMMAND("fault-overrun", ARGUMENT("hold", "us", "1000000")) ","                                                    \
    COMMAND("fault-hidden", ARGUMENT("hold", "us", "1000000")) ","                                                     \
    COMMAND("fault-skip", ARGUMENT("releases", "", "1000000")) ","                                                  \
    COMMAND("fault-flood", ARGUMENT("jobs", "", "1000000"))
#else
#define FAULT_COMMANDS ""
#endif

const char descriptor_text[] FLASH =
    "{" APP_BOARD ",\"firmware\":\"" APP_VERSION "\",\"build\":\"" ZEROS_16 ZEROS_16 ZEROS_16 ZEROS_16 "\","
    "\"tickHz\":" STRING(APP_TICK_HZ) ",\"baud\":" STRING(APP_BAUD) ",\"armable\":true,\"watchdogMs\":" STRING(APP_WATCHDOG_MS) ","
    "\"streams\":[{\"id\":0,\"name\":\"control\",\"periodUs\":" STRING(APP_TICK_US) ","
    "\"contract\":{\"class\":\"firm\",\"m\":990,\"k\":1000,\"jitterUs\":" STRING(APP_JITTER_US) ",\"deadlineUs\":10000,\"lifespanUs\":250000,"
    "\"leaseUs\":50000,\"budgets\":{\"firmwareUs\":" STRING(APP_FIRMWARE_BUDGET_US) ",\"linkUs\":4000,\"hostUs\":5000},"
    "\"delivery\":{\"outletUs\":50000,\"consumerUs\":100000}},\"signals\":["
    SIGNAL("speed", "0.25", "rpm", "0", "4000") ","
    SIGNAL("setpoint", "0.25", "rpm", "0", "4000") ","
    SIGNAL("current", "1", "mA", "-10000", "10000") ","
    SIGNAL("temperature", "0.01", "\302\260C", "-40", "150") "]}],"
    "\"commands\":["
    COMMAND("setpoint", ARGUMENT("speed", "rpm", STRING(APP_SETPOINT_MAX_RPM))) ","
    COMMAND("load", ARGUMENT("torque", "mA", STRING(APP_LOAD_MAX_MA)))
    FAULT_COMMANDS "]}";

_Static_assert(sizeof descriptor_text - 1 <= WIRE_DESCRIPTOR_BYTES_MAX, "the descriptor is too long for the protocol");

const uint16_t descriptor_bytes = sizeof descriptor_text - 1;

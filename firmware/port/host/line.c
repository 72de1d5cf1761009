#include "line.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "../../core/core.h"
#include "../../core/transmit.h"
#include "line_faults.h"

#define INPUT_BYTES 1024u
#define ENDS 64u                   /* messages under way whose end is known */
#define CONNECT_CHECK_NS 5000000ll /* how often an unopened port is looked at */

static int master = -1;
static char path[64];
static int64_t byte_ns;
static struct line_counters counters;

static int64_t free_ns; /* when the transmitter has sent what it took */
static int64_t ends_ns[ENDS];
static uint32_t ends_head, ends_tail;

static uint8_t input[INPUT_BYTES]; /* on the wire, not yet received */
static uint32_t input_head, input_tail;
static int64_t input_end_ns; /* of the byte at input_tail */

static bool connected;
static int64_t checked_ns;

static void fail(const char *what)
{
    fprintf(stderr, "tautline-host: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void make_raw(int fd)
{
    struct termios raw;
    if (tcgetattr(fd, &raw) != 0) {
        fail("read the terminal's settings");
    }
    cfmakeraw(&raw);
    if (tcsetattr(fd, TCSANOW, &raw) != 0) {
        fail("make the terminal raw");
    }
}

void line_open(int inherited, uint32_t baud, bool instant)
{
    byte_ns = instant ? 0 : 10000000000ll / baud;
    master = inherited;
    if (master < 0) {
        master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);
        if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0) {
            fail("open a pseudo-terminal");
        }
    }
    if (ptsname_r(master, path, sizeof path) != 0) {
        fail("name the pseudo-terminal");
    }
    if (inherited < 0) {
        /* Opened and closed once: raw from the start, and from then on the kernel tells whether somebody has it open. */
        int slave = open(path, O_RDWR | O_NOCTTY);
        if (slave < 0) {
            fail(path);
        }
        make_raw(slave);
        close(slave);
    }
}

int line_descriptor(void)
{
    return master;
}

const char *line_path(void)
{
    return path;
}

uint32_t line_byte_ns(void)
{
    return (uint32_t)byte_ns;
}

struct line_counters line_counters(void)
{
    return counters;
}

bool line_listening(void)
{
    return connected && input_head - input_tail < INPUT_BYTES;
}

void line_kick(int64_t now_ns)
{
    if (free_ns < now_ns && ends_head == ends_tail) {
        free_ns = now_ns;
    }
    if (ends_head - ends_tail < ENDS) {
        ends_ns[ends_head++ % ENDS] = free_ns + transmit_used() * byte_ns;
    }
}

static void check_connected(int64_t now_ns)
{
    struct pollfd state = {.fd = master, .events = 0};
    checked_ns = now_ns;
    bool before = connected;
    connected = poll(&state, 1, 0) >= 0 && (state.revents & POLLHUP) == 0;
    if (connected && !before) {
        make_raw(master); /* whoever had it before may have changed it */
    }
}

static void put_out(const uint8_t *bytes, uint32_t length)
{
    if (!connected) {
        counters.unheard += length;
        return;
    }
    ssize_t written = write(master, bytes, length);
    uint32_t taken = written > 0 ? (uint32_t)written : 0;
    counters.sent += taken;
    counters.lost += length - taken;
    if (written < 0 && errno == EIO) {
        connected = false;
    }
}

/* A byte leaves the ring when its stop bit has ended, so what is in the ring is what is ahead of a new message. */
void line_transmit(int64_t now_ns)
{
    uint8_t out[TRANSMIT_RING_BYTES];
    uint32_t length = 0;
    while (free_ns + byte_ns <= now_ns && length < sizeof out) {
        int16_t byte = core_transmit_next();
        if (byte < 0) {
            break;
        }
        out[length++] = (uint8_t)byte;
        free_ns += byte_ns;
    }
    while (ends_tail != ends_head && ends_ns[ends_tail % ENDS] <= now_ns) {
        ends_tail++;
    }
    if (length > 0) {
        line_faults_send(now_ns, out, length, put_out);
    }
}

static void take_input(int64_t now_ns)
{
    uint8_t bytes[INPUT_BYTES];
    uint32_t room = INPUT_BYTES - (input_head - input_tail);
    ssize_t count = room > 0 ? read(master, bytes, room) : 0;
    if (count < 0 && errno == EIO) {
        connected = false;
    }
    if (count <= 0) {
        return;
    }
    if (input_head == input_tail) {
        input_end_ns = now_ns + byte_ns;
    }
    for (ssize_t i = 0; i < count; i++) {
        input[input_head++ % INPUT_BYTES] = bytes[i];
    }
}

static bool receive(int64_t now_ns, uint32_t (*to_device_us)(int64_t ns))
{
    bool whole = false;
    while (input_tail != input_head && input_end_ns <= now_ns) {
        whole |= core_receive(input[input_tail++ % INPUT_BYTES], to_device_us(input_end_ns));
        input_end_ns += byte_ns;
    }
    return whole;
}

bool line_service(int64_t now_ns, uint32_t (*to_device_us)(int64_t ns))
{
    if (!connected && now_ns - checked_ns >= CONNECT_CHECK_NS) {
        check_connected(now_ns);
    }
    line_transmit(now_ns);
    line_faults_service(now_ns, put_out);
    if (connected) {
        take_input(now_ns);
    }
    return receive(now_ns, to_device_us);
}

int64_t line_next_ns(void)
{
    int64_t next_ns = connected ? LINE_NEVER : checked_ns + CONNECT_CHECK_NS;
    if (ends_tail != ends_head && ends_ns[ends_tail % ENDS] < next_ns) {
        next_ns = ends_ns[ends_tail % ENDS];
    }
    if (line_faults_next_ns() < next_ns) {
        next_ns = line_faults_next_ns();
    }
    if (input_tail != input_head) {
        int64_t last_ns = input_end_ns + (int64_t)(input_head - input_tail - 1u) * byte_ns;
        next_ns = last_ns < next_ns ? last_ns : next_ns;
    }
    return next_ns;
}

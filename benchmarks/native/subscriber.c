/*
 * Many WebSocket clients in one process that costs as little as it can, the same for every bridge: takes each frame, and
 * notes how long after its planned release it was here.
 *
 * subscriber KIND HTTP_PORT CLIENTS STOPPED ZERO_NS WARM_UP_MS MEASURE_MS FILE
 *   KIND     immediate, batched or usual: joins `frames:host` of Tautline in the binary encoding, with that wish or none;
 *            states: joins `board:host` at 60 Hz, and counts those that are live; text: any bridge that sends lines or JSON
 *   WARM_UP_MS counts from the first frame
 *   STOPPED  so many of the clients have little room, and read nothing from when they have joined
 *   ZERO_NS  host time at device time 0
 *   FILE     gets the latencies: 32-bit floats, microseconds
 * Prints `measuring` and `done COUNT SKIPPED`: frames that were planned within the measurement, or states; and of these frames
 * the releases that the board skipped: see harness/releases.ts.
 */
#include "common.h"

#define CLIENTS_MAX 1200
#define BUFFER_BYTES 65536
#define SAMPLES_MAX 8000000u
#define FIRST_NS_MAX 20000000000ll
#define PERIOD_US 1000.0

static const char *kind;
static double zero_us;
static int measuring;
/* Of the measurement. */
static double begin_us, end_us;
/* The first frame that was planned after we began: the board, or the source, speaks. */
static int heard;
static double began_us;
static float *samples;
static size_t count;
static size_t states;
static size_t skipped;
static struct client {
    int fd;
    size_t length;
    uint8_t *bytes;
    double seq, release_us; /* of its newest frame */
} clients[CLIENTS_MAX];

static int take(double planned_us, double arrival_us)
{
    heard |= planned_us >= began_us && planned_us <= arrival_us;
    if (planned_us < begin_us || planned_us >= end_us || count >= SAMPLES_MAX) {
        return 0;
    }
    samples[count++] = (float)(arrival_us - planned_us);
    return 1;
}

/* `seq,plannedUs,…` or JSON with "timeUs" */
static void take_text(const char *text, size_t length, double arrival_us)
{
    static const char key[] = "\"timeUs\":";
    const char *at = memmem(text, length, key, sizeof key - 1);
    const char *comma = memchr(text, ',', length);
    if (at != 0) {
        take(strtod(at + sizeof key - 1, 0), arrival_us);
    } else if (comma != 0) {
        take(strtod(comma + 1, 0), arrival_us);
    }
}

/* With the releases right before it that the board skipped: they came with it. */
static void take_numbered(struct client *client, double seq, double release_us, double arrival_us)
{
    int periods = seq == client->seq + 1 ? (int)((release_us - client->release_us) / PERIOD_US + 0.5) : 1;
    for (int k = periods - 1; k > 0; k--) {
        skipped += (size_t)take(zero_us + release_us - k * PERIOD_US, arrival_us);
    }
    client->seq = seq;
    client->release_us = release_us;
    take(zero_us + release_us, arrival_us);
}

static void take_state(const char *text, size_t length)
{
    static const char event[] = "\"state\"", live[] = "\"live\":true";
    int is_live = memmem(text, length, event, sizeof event - 1) != 0 &&
                  memmem(text, length, live, sizeof live - 1) != 0;
    heard |= is_live;
    states += measuring && is_live;
}

/* A Phoenix broadcast whose payload is columns; see src/sdk/columns.ts. */
static void take_columns(struct client *client, const uint8_t *bytes, size_t length, double arrival_us)
{
    if (length < 3 || bytes[0] != 2 || length < 3u + bytes[1] + bytes[2] + 24u) {
        return;
    }
    const uint8_t *payload = bytes + 3 + bytes[1] + bytes[2];
    for (int group = 0; group < payload[1]; group++) {
        const uint8_t *head = payload + 24 + 24 * group;
        uint16_t rows;
        uint32_t start;
        memcpy(&rows, head + 2, 2);
        memcpy(&start, head + 16, 4);
        for (uint16_t row = 0; row < rows; row++) {
            double seq, release_us;
            memcpy(&seq, payload + 8 * ((size_t)start + row), 8);
            memcpy(&release_us, payload + 8 * ((size_t)start + rows + row), 8);
            take_numbered(client, seq, release_us, arrival_us);
        }
    }
}

static void read_client(struct client *client, double arrival_us, size_t got)
{
    size_t at = 0;
    client->length += got;
    for (;;) {
        const uint8_t *frame = client->bytes + at;
        size_t left = client->length - at, head = 2;
        if (left < 4) {
            break;
        }
        size_t length = frame[1] & 127;
        if (length == 126) {
            length = (size_t)frame[2] << 8 | frame[3];
            head = 4;
        } else if (length == 127) {
            fprintf(stderr, "subscriber: a message of over 64 KiB\n");
            exit(1);
        }
        if (left < head + length) {
            break;
        }
        if ((frame[0] & 15) == 8) {
            fprintf(stderr, "subscriber: closed: %.*s\n", (int)length, frame + head + 2);
            exit(1);
        }
        if ((frame[0] & 15) == 2) {
            take_columns(client, frame + head, length, arrival_us);
        } else if (strcmp(kind, "text") == 0) {
            take_text((const char *)frame + head, length, arrival_us);
        } else if (strcmp(kind, "states") == 0) {
            take_state((const char *)frame + head, length);
        }
        at += head + length;
    }
    memmove(client->bytes, client->bytes + at, client->length - at);
    client->length -= at;
}

static void send_masked(int fd, const char *text)
{
    uint8_t frame[256];
    size_t length = strlen(text), head = 6;
    frame[0] = 0x81;
    frame[1] = (uint8_t)(128 | length);
    memset(frame + 2, 0, 4); /* a mask of zeros changes nothing */
    memcpy(frame + head, text, length);
    write_all(fd, frame, head + length);
}

static void join(int fd)
{
    char message[126];
    const char *wish = strcmp(kind, "immediate") == 0 ? ",\"batch\":false" : strcmp(kind, "batched") == 0 ? ",\"batch\":true" : "";
    if (strcmp(kind, "states") == 0) {
        snprintf(message, sizeof message, "[\"1\",\"1\",\"board:host\",\"phx_join\",{\"rateHz\":60}]");
    } else {
        snprintf(message, sizeof message, "[\"1\",\"1\",\"frames:host\",\"phx_join\",{\"encoding\":\"binary\"%s}]", wish);
    }
    send_masked(fd, message);
}

static void open_client(struct client *client, int port, int is_stopped)
{
    char request[256], reply[1024];
    size_t length = 0;
    client->fd = connect_with(port, is_stopped);
    client->seq = -2;
    client->bytes = malloc(BUFFER_BYTES);
    int size = snprintf(request, sizeof request,
                        "GET /socket/websocket?vsn=2.0.0 HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\n"
                        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
                        port);
    write_all(client->fd, request, (size_t)size);
    /* Byte by byte: what follows the reply is the first frame. */
    while (length < sizeof reply - 1 && read(client->fd, reply + length, 1) == 1) {
        reply[++length] = 0;
        if (strstr(reply, "\r\n\r\n") != 0) {
            break;
        }
    }
    if (strncmp(reply, "HTTP/1.1 101", 12) != 0) {
        fprintf(stderr, "subscriber: %s\n", reply);
        exit(1);
    }
    fcntl(client->fd, F_SETFL, O_NONBLOCK);
    if (strcmp(kind, "text") != 0) {
        join(client->fd);
    }
}

static void run_until(int poller, int64_t end_ns)
{
    while (now_ns() < end_ns) {
        struct epoll_event events[64];
        int ready = epoll_wait(poller, events, 64, 20);
        for (int i = 0; i < ready; i++) {
            struct client *client = &clients[events[i].data.u64];
            ssize_t got = read(client->fd, client->bytes + client->length, BUFFER_BYTES - client->length);
            double arrival_us = (double)now_ns() / 1000.0;
            if (got == 0 || (got < 0 && errno != EAGAIN)) {
                fprintf(stderr, "subscriber: the bridge hung up\n");
                exit(1);
            }
            if (got > 0) {
                read_client(client, arrival_us, (size_t)got);
            }
        }
    }
}

int main(int argc, char **argv)
{
    if (argc != 9) {
        fprintf(stderr, "usage: subscriber KIND HTTP_PORT CLIENTS STOPPED ZERO_NS WARM_UP_MS MEASURE_MS FILE\n");
        return 2;
    }
    end_with_parent();
    kind = argv[1];
    int wanted = atoi(argv[3]), stopped = atoi(argv[4]);
    zero_us = (double)atoll(argv[5]) / 1000.0;
    samples = malloc(SAMPLES_MAX * sizeof *samples);
    int poller = epoll_create1(EPOLL_CLOEXEC);
    began_us = (double)now_ns() / 1000.0;
    for (int i = 0; i < wanted && i < CLIENTS_MAX; i++) {
        open_client(&clients[i], atoi(argv[2]), i < stopped);
        if (i >= stopped) {
            watch(poller, clients[i].fd, EPOLLIN, (uint64_t)i);
        }
    }
    for (int64_t end_ns = now_ns() + FIRST_NS_MAX; !heard; run_until(poller, now_ns() + 1000000ll)) {
        if (now_ns() > end_ns) {
            fprintf(stderr, "subscriber: no frame within %lld s\n", FIRST_NS_MAX / 1000000000ll);
            return 1;
        }
    }
    run_until(poller, now_ns() + atoll(argv[6]) * 1000000ll);
    int64_t end_ns = now_ns() + atoll(argv[7]) * 1000000ll;
    begin_us = (double)now_ns() / 1000.0;
    end_us = (double)end_ns / 1000.0;
    measuring = 1;
    printf("measuring\n");
    fflush(stdout);
    run_until(poller, end_ns);
    measuring = 0;
    run_until(poller, end_ns + GRACE_NS);
    FILE *file = fopen(argv[8], "wb");
    if (file == 0 || fwrite(samples, sizeof *samples, count, file) != count || fclose(file) != 0) {
        die(argv[8]);
    }
    printf("done %zu %zu\n", strcmp(kind, "states") == 0 ? states : count, skipped);
    return 0;
}

/*
 * The floor of a bridge: lines from a pseudo-terminal, each to every WebSocket client and to an MQTT broker, in one epoll
 * loop. Frames are built once and written at once, with TCP_NODELAY. Nothing is judged, nothing is bounded but by the
 * socket: a client whose socket is full misses the frame.
 *
 * bridge PORT_PATH HTTP_PORT MQTT_PORT     0: without. Prints `ready`. MQTT 3.1.1, QoS 0, topic floor/frames.
 */
#include "common.h"
#include "sha1.h"

#define CLIENTS_MAX 1024
#define LINE_BYTES 256
#define REQUEST_BYTES 2048

enum { ID_PORT = 1u << 20, ID_LISTENER, ID_BROKER };

static int poller;
static int broker = -1;
static struct client {
    int fd;
    int open; /* the handshake is done */
    char request[REQUEST_BYTES];
    size_t length;
} clients[CLIENTS_MAX];
static size_t count;

static void forget(size_t index)
{
    close(clients[index].fd);
    clients[index].fd = -1;
    clients[index].open = 0;
}

static void accept_client(int listener)
{
    int fd = accept4(listener, 0, 0, SOCK_NONBLOCK | SOCK_CLOEXEC);
    size_t index = 0;
    if (fd < 0) {
        return;
    }
    while (index < count && clients[index].fd >= 0) {
        index++;
    }
    if (index == CLIENTS_MAX) {
        close(fd);
        return;
    }
    if (index == count) {
        count++;
    }
    no_delay(fd);
    clients[index] = (struct client){.fd = fd};
    watch(poller, fd, EPOLLIN, index);
}

static void answer(struct client *client)
{
    static const char magic[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    char keyed[128], accepted[29], reply[256];
    uint8_t digest[SHA1_BYTES];
    const char *key = strcasestr(client->request, "Sec-WebSocket-Key: ");
    int length = key == 0 ? -1 : snprintf(keyed, sizeof keyed, "%.24s%s", key + 19, magic);
    if (length != 60) {
        fprintf(stderr, "bridge: a client without a key\n");
        return;
    }
    sha1(keyed, (size_t)length, digest);
    base64_20(digest, accepted);
    length = snprintf(reply, sizeof reply,
                      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                      "Sec-WebSocket-Accept: %s\r\n\r\n", accepted);
    write_all(client->fd, reply, (size_t)length);
    client->open = 1;
}

/* Before the handshake the request; afterwards whatever a client says is not listened to. */
static void read_client(size_t index)
{
    struct client *client = &clients[index];
    char ignored[512];
    char *into = client->open ? ignored : client->request + client->length;
    size_t room = client->open ? sizeof ignored : REQUEST_BYTES - 1 - client->length;
    ssize_t got = read(client->fd, into, room);
    if (got == 0 || (got < 0 && errno != EAGAIN)) {
        forget(index);
        return;
    }
    if (client->open || got < 0) {
        return;
    }
    client->length += (size_t)got;
    client->request[client->length] = 0;
    if (strstr(client->request, "\r\n\r\n") != 0) {
        answer(client);
    }
}

static void publish(const char *line, size_t length)
{
    static const char topic[] = "floor/frames";
    uint8_t packet[LINE_BYTES + 32];
    size_t at = 0, rest = 2 + sizeof topic - 1 + length;
    packet[at++] = 0x30;
    if (rest > 127) {
        packet[at++] = (uint8_t)(rest & 127) | 128;
        packet[at++] = (uint8_t)(rest >> 7);
    } else {
        packet[at++] = (uint8_t)rest;
    }
    packet[at++] = 0;
    packet[at++] = sizeof topic - 1;
    memcpy(packet + at, topic, sizeof topic - 1);
    memcpy(packet + at + sizeof topic - 1, line, length);
    if (write(broker, packet, at + sizeof topic - 1 + length) < 0 && errno != EAGAIN) {
        die("the broker");
    }
}

static void forward(const char *line, size_t length)
{
    uint8_t frame[LINE_BYTES + 4] = {0x81}; /* a whole text message */
    size_t head = length < 126 ? 2 : 4;
    frame[1] = length < 126 ? (uint8_t)length : 126;
    if (head == 4) {
        frame[2] = (uint8_t)(length >> 8);
        frame[3] = (uint8_t)length;
    }
    memcpy(frame + head, line, length);
    for (size_t i = 0; i < count; i++) {
        if (clients[i].open && write(clients[i].fd, frame, head + length) < 0 && errno != EAGAIN) {
            forget(i);
        }
    }
    if (broker >= 0) {
        publish(line, length);
    }
}

static void read_port(int port)
{
    static char line[LINE_BYTES];
    static size_t length;
    char bytes[4096];
    ssize_t got = read(port, bytes, sizeof bytes);
    for (ssize_t i = 0; i < got; i++) {
        if (bytes[i] == '\n') {
            forward(line, length);
            length = 0;
        } else if (length < sizeof line) {
            line[length++] = bytes[i];
        }
    }
    if (got == 0 || (got < 0 && errno != EAGAIN)) {
        exit(0); /* the board is gone */
    }
}

static int listen_local(int port)
{
    struct sockaddr_in address = loopback(port);
    int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, CLIENTS_MAX) != 0) {
        die("listen");
    }
    return fd;
}

static int connect_broker(int port)
{
    /* CONNECT, protocol level 4, clean session, no keepalive, client id "floor" */
    static const uint8_t hello[] = {0x10, 17, 0, 4, 'M', 'Q', 'T', 'T', 4, 2, 0, 0, 0, 5, 'f', 'l', 'o', 'o', 'r'};
    uint8_t accepted[4];
    int fd = connect_local(port);
    write_all(fd, hello, sizeof hello);
    if (read(fd, accepted, sizeof accepted) != 4 || accepted[0] != 0x20 || accepted[3] != 0) {
        fprintf(stderr, "bridge: the broker refused\n");
        exit(1);
    }
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: bridge PORT_PATH HTTP_PORT MQTT_PORT\n");
        return 2;
    }
    end_with_parent();
    signal(SIGPIPE, SIG_IGN);
    poller = epoll_create1(EPOLL_CLOEXEC);
    int port = open_port(argv[1]);
    watch(poller, port, EPOLLIN, ID_PORT);
    int listener = listen_local(atoi(argv[2]));
    watch(poller, listener, EPOLLIN, ID_LISTENER);
    if (atoi(argv[3]) > 0) {
        broker = connect_broker(atoi(argv[3]));
    }
    printf("ready\n");
    fflush(stdout);
    for (;;) {
        struct epoll_event events[64];
        int ready = epoll_wait(poller, events, 64, -1);
        for (int i = 0; i < ready; i++) {
            uint64_t id = events[i].data.u64;
            if (id == ID_PORT) {
                read_port(port);
            } else if (id == ID_LISTENER) {
                accept_client(listener);
            } else {
                read_client(id);
            }
        }
    }
}

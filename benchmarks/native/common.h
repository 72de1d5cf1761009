/* What the C programs of the benchmarks share. */
#ifndef TAUTLINE_BENCH_COMMON_H
#define TAUTLINE_BENCH_COMMON_H

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

/* So long after the end of a window what was planned within it may still come; as in harness/releases.ts. */
#define GRACE_NS 100000000ll

static inline int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000ll + now.tv_nsec;
}

static inline void die(const char *what)
{
    perror(what);
    exit(1);
}

/* Whatever ends the benchmark ends its programs. */
static inline void end_with_parent(void)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
}

/* A terminal in raw mode, empty, not blocking. */
static inline int open_port(const char *path)
{
    struct termios raw;
    int port = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK);
    if (port < 0 || tcgetattr(port, &raw) != 0) {
        die(path);
    }
    cfmakeraw(&raw);
    tcsetattr(port, TCSANOW, &raw);
    tcflush(port, TCIFLUSH);
    return port;
}

static inline void watch(int poller, int fd, uint32_t events, uint64_t id)
{
    struct epoll_event wanted = {.events = events, .data.u64 = id};
    if (epoll_ctl(poller, EPOLL_CTL_ADD, fd, &wanted) != 0) {
        die("epoll_ctl");
    }
}

static inline void no_delay(int socket)
{
    int on = 1;
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

static inline struct sockaddr_in loopback(int port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

/* A blocking connection to a port of this machine. narrow: with so little room that who does not read is soon seen. */
static inline int connect_with(int port, int narrow)
{
    struct sockaddr_in address = loopback(port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (narrow) {
        /* The server's own buffer grows with the segments: of loopback's it takes MiB before anybody waits. */
        int segment = 536, receive = 4096;
        setsockopt(fd, IPPROTO_TCP, TCP_MAXSEG, &segment, sizeof segment);
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive, sizeof receive);
    }
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        die("connect to 127.0.0.1");
    }
    no_delay(fd);
    return fd;
}

static inline int connect_local(int port)
{
    return connect_with(port, 0);
}

static inline void write_all(int fd, const void *bytes, size_t length)
{
    if (write(fd, bytes, length) != (ssize_t)length) {
        die("write");
    }
}

#endif

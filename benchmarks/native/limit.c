/* limit: the least that a server must do to reach every screen. One epoll loop that upgrades, lets in whoever sends a
 * first message, and on `POST /publish` writes one ready frame with the request's body to each of them by send().
 *
 *   limit PORT
 *
 * It knows the one Sec-WebSocket-Key that crowd.c sends, sends no pings, and expects a request's head in one piece.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define MOST 65536
enum { ABSENT, HTTP, GREETED, JOINED };
static char state[MOST];
static int members[MOST], place[MOST], member_count, poller;
static char input[1 << 17], frame[1 << 17];

static const char ACCEPTED[] = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                               "Sec-WebSocket-Accept: ICX+Yqv66kxgM0FcWaLWlFLwTAI=\r\n\r\n";
static const char OPENED[] = "0{\"sid\":\"0\",\"upgrades\":[],\"pingInterval\":600000,\"pingTimeout\":600000}";
static const char DONE[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

static size_t put_frame(char *to, const char *text, size_t size) {
    to[0] = (char)0x81;
    if (size < 126) {
        to[1] = (char)size;
        memcpy(to + 2, text, size);
        return size + 2;
    }
    to[1] = 126;
    to[2] = (char)(size >> 8);
    to[3] = (char)size;
    memcpy(to + 4, text, size);
    return size + 4;
}

static void leave(int fd) {
    if (state[fd] == JOINED) {
        int last = members[--member_count];
        members[place[fd]] = last;
        place[last] = place[fd];
    }
    state[fd] = ABSENT;
    close(fd);
}

static void publish(const char *text) {
    size_t size = put_frame(frame, text, strlen(text));
    for (int i = 0; i < member_count; i++)
        if (send(members[i], frame, size, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)size) fputs("short\n", stderr);
}

/* Wait for the rest of a body that came in pieces: nobody else is served meanwhile. */
static void receive_rest(int fd, ssize_t size) {
    char *length = strcasestr(input, "\r\nContent-Length:"), *body = strstr(input, "\r\n\r\n");
    if (!length || !body) return;
    size_t whole = body + 4 - input + strtoul(length + 17, NULL, 10);
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    while ((size_t)size < whole && whole < sizeof input && poll(&ready, 1, 1000) > 0) {
        ssize_t more = recv(fd, input + size, sizeof input - 1 - size, 0);
        if (more <= 0) return;
        size += more;
        input[size] = 0;
    }
}

static void on_http(int fd) {
    char answer[1024];
    if (strstr(input, "Upgrade: websocket")) {
        memcpy(answer, ACCEPTED, sizeof ACCEPTED - 1);
        size_t size = sizeof ACCEPTED - 1 + put_frame(answer + sizeof ACCEPTED - 1, OPENED, sizeof OPENED - 1);
        state[fd] = GREETED;
        send(fd, answer, size, MSG_NOSIGNAL);
        return;
    }
    char *body = strstr(input, "\r\n\r\n");
    if (!strncmp(input, "POST /publish", 13) && body) publish(body + 4);
    send(fd, DONE, sizeof DONE - 1, MSG_NOSIGNAL);
}

static void on_readable(int fd) {
    ssize_t size = recv(fd, input, sizeof input - 1, 0);
    if (size <= 0) {
        if (size == 0 || errno != EAGAIN) leave(fd);
        return;
    }
    input[size] = 0;
    if (state[fd] == HTTP) {
        receive_rest(fd, size);
        on_http(fd);
    } else if (state[fd] == GREETED) {
        char answer[64];
        send(fd, answer, put_frame(answer, "40{\"sid\":\"0\"}", 12), MSG_NOSIGNAL);
        state[fd] = JOINED;
        place[fd] = member_count;
        members[member_count++] = fd;
    }
}

static void let_in(int listener) {
    int yes = 1;
    for (int fd; (fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0;) {
        if (fd >= MOST) {
            close(fd);
            continue;
        }
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
        epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event);
        state[fd] = HTTP;
    }
}

int main(int words, char **word) {
    if (words != 2) return 2;
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), yes = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(atoi(word[1]))};
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(listener, (struct sockaddr *)&at, sizeof at) || listen(listener, 4096)) {
        perror("limit");
        return 1;
    }
    poller = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, events[256];
    epoll_ctl(poller, EPOLL_CTL_ADD, listener, &event);
    for (;;) {
        int size = epoll_wait(poller, events, 256, -1);
        for (int i = 0; i < size; i++) {
            if (events[i].data.fd == listener) let_in(listener);
            else on_readable(events[i].data.fd);
        }
    }
}

/* crowd: thousands of Socket.IO clients in one process, without a thought for what they receive.
 *
 * Each client opens a WebSocket (Engine.IO 4), joins by a packet that is the same for all, and is ready when a frame
 * with the ready mark has come. From then on it answers pings, and an expected frame is noticed by a mark in its text.
 *
 *   crowd port=8000 count=5000 join='40/live,{…}' ready='"board"' [cookies=FILE] [origin=URL] [sources=64] [small=0]
 *
 * cookies: line i is the Cookie header of client i. sources: how many loopback addresses they come from. small: the
 * first so many have tiny receive buffers. Commands on stdin; each answers with one line of JSON on stdout:
 *
 *   open INFLIGHT MS         connect all that are not; those who fail try again until the time is over
 *   expect COUNT MS MARK     answers at once, and again when COUNT clients (0: all that read) have a frame with MARK
 *   pause K | resume         the first K clients stop reading | all read again
 *   say TEXT                 each that is ready sends this packet
 *   stats | quit
 *
 * Times are nanoseconds of CLOCK_MONOTONIC, which Python's time.monotonic_ns() shares.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum state { OUT, DIALING, ASKING, JOINING, READY };

struct client {
    int fd;
    enum state state;
    bool paused;
    unsigned hit;         /* the last expectation that it met */
    uint64_t began, done; /* of its connect */
    uint64_t retry_at;
    char *rest; /* the beginning of a frame that has not come whole */
    size_t rest_size;
};

static struct client *clients;
static int count = 100, port, sources = 64, small_buffers;
static const char *join = "40", *ready_mark = "\"board\"", *origin = "";
static char **cookies;
static int cookie_count;

static int poller, inflight, inflight_limit, ready_count, next_to_open;
static bool opening;
static uint64_t open_began, open_ends, open_cpu;
static uint64_t frames, bytes, dropped, failed;

static unsigned expectation;
static bool expecting;
static int wanted, hits;
static char mark[256];
static size_t mark_size;
static uint64_t *arrivals, expect_ends, expect_cpu;
static char input[1 << 18];

static uint64_t clock_of(clockid_t id) {
    struct timespec t;
    clock_gettime(id, &t);
    return (uint64_t)t.tv_sec * 1000000000u + t.tv_nsec;
}
static uint64_t now(void) { return clock_of(CLOCK_MONOTONIC); }
static uint64_t cpu(void) { return clock_of(CLOCK_PROCESS_CPUTIME_ID); }

static int by_size(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void hang_up(struct client *c) {
    if (c->fd < 0) return;
    close(c->fd);
    c->fd = -1;
    free(c->rest);
    c->rest = NULL;
    c->rest_size = 0;
    if (c->state == READY) {
        ready_count--;
        dropped++;
    } else {
        inflight--;
        failed++;
        c->retry_at = now() + 100000000u + (uint64_t)(random() % 400) * 1000000u;
    }
    c->state = OUT;
    c->paused = false;
}

static bool say(struct client *c, const char *text) {
    unsigned char frame[1024];
    size_t size = strlen(text), head = 2;
    if (size + 8 > sizeof frame) return false;
    frame[0] = 0x81;
    if (size < 126) {
        frame[1] = 0x80 | size;
    } else {
        frame[1] = 0x80 | 126;
        frame[2] = size >> 8;
        frame[3] = size & 255;
        head = 4;
    }
    memset(frame + head, 0, 4); /* a mask of zeros leaves the text as it is */
    memcpy(frame + head + 4, text, size);
    return send(c->fd, frame, head + 4 + size, MSG_NOSIGNAL) == (ssize_t)(head + 4 + size);
}

static void dial(int number) {
    struct client *c = &clients[number];
    int yes = 1;
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (c->fd < 0) {
        perror("socket");
        exit(1);
    }
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (number < small_buffers) {
        int size = 2048;
        setsockopt(c->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    }
    /* Several source addresses, so that neither ports nor the server's limit for one address run out. */
    setsockopt(c->fd, IPPROTO_IP, 24 /* IP_BIND_ADDRESS_NO_PORT */, &yes, sizeof yes);
    struct sockaddr_in from = {.sin_family = AF_INET};
    int source = number % sources;
    from.sin_addr.s_addr = htonl(0x7f000000u | (unsigned)(1 + source / 250) << 8 | (unsigned)(1 + source % 250));
    if (bind(c->fd, (struct sockaddr *)&from, sizeof from)) perror("bind");
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    c->state = DIALING;
    c->began = now();
    inflight++;
    if (connect(c->fd, (struct sockaddr *)&to, sizeof to) && errno != EINPROGRESS) {
        hang_up(c);
        return;
    }
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT, .data.u32 = number};
    epoll_ctl(poller, EPOLL_CTL_ADD, c->fd, &event);
}

static void ask(int number) {
    char request[4096];
    const char *cookie = cookie_count ? cookies[number % cookie_count] : "";
    int size = snprintf(request, sizeof request,
                        "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n"
                        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nOrigin: %s\r\n%s%s%s\r\n",
                        port, origin, *cookie ? "Cookie: " : "", cookie, *cookie ? "\r\n" : "");
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = number};
    epoll_ctl(poller, EPOLL_CTL_MOD, clients[number].fd, &event);
    clients[number].state = ASKING;
    if (send(clients[number].fd, request, size, MSG_NOSIGNAL) != size) hang_up(&clients[number]);
}

static void hear(struct client *c, const char *text, size_t size, uint64_t at) {
    frames++;
    if (size == 1 && *text == '2') {
        if (!say(c, "3")) hang_up(c);
    } else if (c->state == JOINING) {
        if (*text == '0') {
            if (!say(c, join)) hang_up(c);
        } else if (size > 1 && text[0] == '4' && text[1] == '4') {
            fprintf(stderr, "refused: %.*s\n", (int)(size < 200 ? size : 200), text);
            hang_up(c);
        } else if (memmem(text, size, ready_mark, strlen(ready_mark))) {
            c->state = READY;
            c->done = at;
            inflight--;
            ready_count++;
        }
    } else if (expectation && c->hit != expectation && memmem(text, size, mark, mark_size)) {
        c->hit = expectation;
        if (hits < count) arrivals[hits++] = at;
    }
}

/* How many bytes were whole; the client may be gone afterwards. */
static size_t take(struct client *c, const char *data, size_t size, uint64_t at) {
    size_t used = 0;
    if (c->state == ASKING) {
        const char *end = memmem(data, size, "\r\n\r\n", 4);
        if (!end) return 0;
        if (strncmp(data, "HTTP/1.1 101", 12)) {
            hang_up(c);
            return size;
        }
        used = end + 4 - data;
        c->state = JOINING;
    }
    while (size - used >= 2) {
        const unsigned char *frame = (const unsigned char *)data + used;
        size_t length = frame[1] & 127, head = 2;
        if (length == 126) {
            if (size - used < 4) break;
            length = frame[2] << 8 | frame[3];
            head = 4;
        } else if (length == 127) {
            if (size - used < 10) break;
            length = 0;
            for (int i = 2; i < 10; i++) length = length << 8 | frame[i];
            head = 10;
        }
        if (size - used < head + length) break;
        int opcode = frame[0] & 15;
        if (opcode == 8) {
            hang_up(c);
            return size;
        }
        if (opcode == 1) hear(c, (const char *)frame + head, length, at);
        if (c->fd < 0) return size;
        used += head + length;
    }
    return used;
}

static void receive(struct client *c) {
    size_t kept = c->rest_size;
    if (kept) memcpy(input, c->rest, kept);
    ssize_t got = recv(c->fd, input + kept, sizeof input - kept, 0);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) {
        hang_up(c);
        return;
    }
    bytes += got;
    size_t size = kept + got, used = take(c, input, size, now());
    if (c->fd < 0) return;
    if (used < size) {
        c->rest = realloc(c->rest, size - used);
        memcpy(c->rest, input + used, size - used);
    } else if (c->rest) {
        free(c->rest);
        c->rest = NULL;
    }
    c->rest_size = size - used;
}

static void on_event(int number, uint32_t events) {
    struct client *c = &clients[number];
    if (c->fd < 0) return;
    if (c->state == DIALING) {
        int error = 0;
        socklen_t size = sizeof error;
        getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &size);
        if (error)
            hang_up(c);
        else if (events & EPOLLOUT)
            ask(number);
    } else if (c->paused && !(events & (EPOLLHUP | EPOLLERR))) {
        return;
    } else {
        receive(c);
    }
}

static void report_distribution(uint64_t *times, int size) {
    qsort(times, size, sizeof *times, by_size);
    if (!size) return;
    printf(",\"first\":%lu,\"p50\":%lu,\"p95\":%lu,\"p99\":%lu,\"last\":%lu", times[0], times[size / 2],
           times[(int)(size * .95)], times[(int)(size * .99)], times[size - 1]);
}

static void go_on_opening(void) {
    uint64_t at = now();
    int start = next_to_open;
    while (inflight < inflight_limit && inflight + ready_count < count) {
        struct client *c = &clients[next_to_open];
        if (c->state == OUT && c->retry_at <= at) dial(next_to_open);
        next_to_open = (next_to_open + 1) % count;
        if (next_to_open == start) break;
    }
    if (ready_count < count && at < open_ends) return;
    opening = false;
    uint64_t *times = malloc(count * sizeof *times), last = open_began;
    int size = 0;
    for (int i = 0; i < count; i++)
        if (clients[i].state == READY) {
            times[size++] = clients[i].done - clients[i].began;
            if (clients[i].done > last) last = clients[i].done;
        }
    printf("{\"ready\":%d,\"failed\":%lu,\"nanoseconds\":%lu,\"cpu\":%lu", ready_count, failed, last - open_began,
           cpu() - open_cpu);
    report_distribution(times, size);
    puts("}");
    fflush(stdout);
    free(times);
}

static void report_expectation(void) {
    expecting = false;
    printf("{\"count\":%d,\"wanted\":%d,\"cpu\":%lu", hits, wanted, cpu() - expect_cpu);
    report_distribution(arrivals, hits);
    puts("}");
    fflush(stdout);
}

static void pause_first(int number, bool paused) {
    int changed = 0;
    for (int i = 0; i < count && (!paused || i < number); i++)
        if (clients[i].state == READY && clients[i].paused != paused) {
            struct epoll_event event = {.events = paused ? 0 : EPOLLIN, .data.u32 = i};
            epoll_ctl(poller, EPOLL_CTL_MOD, clients[i].fd, &event);
            clients[i].paused = paused;
            changed++;
        }
    printf("{\"changed\":%d}\n", changed);
}

static void say_all(const char *text) {
    int said = 0;
    for (int i = 0; i < count; i++)
        if (clients[i].state == READY) {
            if (say(&clients[i], text)) said++;
            else hang_up(&clients[i]);
        }
    printf("{\"said\":%d}\n", said);
}

static void obey(char *line) {
    long first = 0, second = 0;
    int words = 0;
    if (sscanf(line, "open %ld %ld", &first, &second) == 2) {
        opening = true;
        inflight_limit = first;
        failed = 0;
        open_began = now();
        open_ends = open_began + second * 1000000u;
        open_cpu = cpu();
    } else if (sscanf(line, "expect %ld %ld %n", &first, &second, &words) == 2 && words) {
        mark_size = snprintf(mark, sizeof mark, "%s", line + words);
        expectation++;
        expecting = true;
        hits = 0;
        wanted = first;
        for (int i = 0; !first && i < count; i++) wanted += clients[i].state == READY && !clients[i].paused;
        expect_cpu = cpu();
        expect_ends = now() + second * 1000000u;
        printf("{\"wanted\":%d}\n", wanted);
    } else if (sscanf(line, "pause %ld", &first) == 1) {
        pause_first(first, true);
    } else if (!strncmp(line, "say ", 4)) {
        say_all(line + 4);
    } else if (!strcmp(line, "resume")) {
        pause_first(0, false);
    } else if (!strcmp(line, "stats")) {
        printf("{\"ready\":%d,\"dropped\":%lu,\"failed\":%lu,\"frames\":%lu,\"bytes\":%lu,\"hits\":%d,\"cpu\":%lu}\n",
               ready_count, dropped, failed, frames, bytes, hits, cpu());
    } else if (!strcmp(line, "quit")) {
        exit(0);
    } else {
        fprintf(stderr, "unknown command: %s\n", line);
        exit(1);
    }
    fflush(stdout);
}

static void read_commands(void) {
    static char line[8192];
    static size_t size;
    ssize_t got = read(0, line + size, sizeof line - 1 - size);
    if (got <= 0) exit(0);
    size += got;
    line[size] = 0;
    char *start = line, *end;
    while ((end = strchr(start, '\n'))) {
        *end = 0;
        obey(start);
        start = end + 1;
    }
    size = strlen(start);
    memmove(line, start, size + 1);
}

static void read_cookies(const char *path) {
    FILE *file = fopen(path, "r");
    char *line = NULL;
    size_t room = 0;
    if (!file) {
        perror(path);
        exit(1);
    }
    cookies = calloc(count, sizeof *cookies);
    for (ssize_t size; cookie_count < count && (size = getline(&line, &room, file)) > 0;) {
        line[strcspn(line, "\n")] = 0;
        cookies[cookie_count++] = strdup(line);
    }
    free(line);
    fclose(file);
}

int main(int words, char **word) {
    const char *cookie_file = NULL;
    for (int i = 1; i < words; i++) {
        char *value = strchr(word[i], '=');
        if (!value) return 2;
        *value++ = 0;
        if (!strcmp(word[i], "port")) port = atoi(value);
        else if (!strcmp(word[i], "count")) count = atoi(value);
        else if (!strcmp(word[i], "sources")) sources = atoi(value);
        else if (!strcmp(word[i], "small")) small_buffers = atoi(value);
        else if (!strcmp(word[i], "join")) join = value;
        else if (!strcmp(word[i], "ready")) ready_mark = value;
        else if (!strcmp(word[i], "origin")) origin = value;
        else if (!strcmp(word[i], "cookies")) cookie_file = value;
        else return 2;
    }
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    if (cookie_file) read_cookies(cookie_file);
    clients = calloc(count, sizeof *clients);
    arrivals = calloc(count, sizeof *arrivals);
    for (int i = 0; i < count; i++) clients[i].fd = -1;
    poller = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = UINT32_MAX}, events[512];
    epoll_ctl(poller, EPOLL_CTL_ADD, 0, &event);
    for (;;) {
        int size = epoll_wait(poller, events, 512, opening || expecting ? 5 : 1000);
        for (int i = 0; i < size; i++) {
            if (events[i].data.u32 == UINT32_MAX) read_commands();
            else on_event(events[i].data.u32, events[i].events);
        }
        if (opening) go_on_opening();
        if (expecting && (hits >= wanted || now() > expect_ends)) report_expectation();
    }
}

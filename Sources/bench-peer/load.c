// SPDX-License-Identifier: Apache-2.0
// Apps that hand in mail as fast as they are served, and the time each message took from MAIL to the last 250.
//
// lockstep: one command at a time, as most libraries do. pipelined: MAIL, RCPT and DATA in one flight. chained: the next envelope in
// one flight with the message before it, as RFC 2920 allows. Without PIPELINING on offer, all are lockstep.
#define _GNU_SOURCE
#include "peer.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum awaited { GREETING, HELLO, MAIL, RECIPIENT, GO_AHEAD, TAKEN, GOODBYE };

/// One app.
struct session {
    struct wire *wire;
    enum awaited awaited;
    int is_pipelining, is_chained, has_next;
    long taken;
    uint64_t began, next_began;
};

static const struct options *the;
static struct sockaddr_in address;
static int poller;
static int is_lockstep, may_chain;
static char *text;
static size_t text_length;
static long given, done, failed;
static int open_sessions;
static uint32_t *latencies;
static uint64_t last_done;

static const char mail[] = "MAIL FROM:<sender@bench.example>\r\n";
static const char recipient[] = "RCPT TO:<recipient@bench.example>\r\n";
static const char data[] = "DATA\r\n";

static void write_text(void) {
    const char head[] = "From: sender@bench.example\r\nTo: recipient@bench.example\r\nSubject: a message of a benchmark\r\n\r\n";
    size_t size = the->size > (long)sizeof head ? (size_t)the->size : sizeof head;
    text = malloc(size + 128);
    if (!text) bench_fail("malloc");
    memcpy(text, head, sizeof head - 1);
    text_length = sizeof head - 1;
    for (size_t line = 0; text_length < size; ++line) {
        for (size_t column = 0; column < 76 && text_length + 2 < size; ++column) text[text_length++] = (char)('a' + (line + column) % 26);
        text[text_length++] = '\r';
        text[text_length++] = '\n';
    }
    memcpy(text + text_length, ".\r\n", 3);
    text_length += 3;
}

static int may_go_on(const struct session *session) {
    return given < the->messages && (!the->per_connection || session->taken + 1 < the->per_connection);
}

/// Says the envelope of a message that was given out.
static void say_envelope(struct session *session) {
    struct bytes *output = &session->wire->output;
    bytes_add(output, mail, sizeof mail - 1);
    if (!session->is_pipelining) return;
    bytes_add(output, recipient, sizeof recipient - 1);
    bytes_add(output, data, sizeof data - 1);
}

static void begin(struct session *session) {
    ++given;
    session->began = bench_now();
    session->awaited = MAIL;
    say_envelope(session);
}

static void refused(struct session *session, const char *line) {
    if (failed++ < 5) fprintf(stderr, "bench-peer: refused: %s\n", line);
    bytes_say(&session->wire->output, "QUIT\r\n");
    session->awaited = GOODBYE;
}

static void go_on(struct session *session) {
    ++session->taken;
    if (session->has_next) {
        session->has_next = 0;
        session->began = session->next_began;
        session->awaited = MAIL;
    } else if (given < the->messages && (!the->per_connection || session->taken < the->per_connection)) {
        begin(session);
    } else {
        bytes_say(&session->wire->output, "QUIT\r\n");
        session->awaited = GOODBYE;
    }
}

static void say_text(struct session *session) {
    bytes_add(&session->wire->output, text, text_length);
    session->awaited = TAKEN;
    if (!session->is_chained || !may_go_on(session)) return;
    ++given;
    session->has_next = 1;
    session->next_began = bench_now();
    say_envelope(session);
}

/// One whole reply; its last line is `line`.
static void replied(struct session *session, const char *line) {
    int code = atoi(line);
    switch (session->awaited) {
    case GREETING:
        if (code != 220) return refused(session, line);
        bytes_say(&session->wire->output, "EHLO load.bench.example\r\n");
        session->awaited = HELLO;
        return;
    case HELLO:
        if (code != 250) return refused(session, line);
        session->is_chained = session->is_pipelining && may_chain;
        if (given < the->messages) {
            begin(session);
        } else {
            bytes_say(&session->wire->output, "QUIT\r\n");
            session->awaited = GOODBYE;
        }
        return;
    case MAIL:
        if (code != 250) return refused(session, line);
        if (!session->is_pipelining) bytes_add(&session->wire->output, recipient, sizeof recipient - 1);
        session->awaited = RECIPIENT;
        return;
    case RECIPIENT:
        if (code != 250) return refused(session, line);
        if (!session->is_pipelining) bytes_add(&session->wire->output, data, sizeof data - 1);
        session->awaited = GO_AHEAD;
        return;
    case GO_AHEAD:
        if (code != 354) return refused(session, line);
        say_text(session);
        return;
    case TAKEN:
        if (code != 250) return refused(session, line);
        last_done = bench_now();
        latencies[done++] = (uint32_t)((last_done - session->began) / 1000);
        go_on(session);
        return;
    case GOODBYE: return;
    }
}

static void open_session(void);

static void end(struct session *session) {
    if (session->awaited != GOODBYE) ++failed;
    wire_close(session->wire);
    free(session);
    --open_sessions;
    if (given < the->messages && failed < 1000) open_session();
}

static void open_session(void) {
    struct session *session = calloc(1, sizeof *session);
    if (!session) bench_fail("calloc");
    session->wire = wire_connect(poller, &address, session);
    ++open_sessions;
}

static void heard(struct session *session) {
    if (wire_flush(session->wire) < 0) return end(session);
    for (;;) {
        int result = wire_read(session->wire);
        if (result < 0) return end(session);
        if (result == 0) return;
        size_t length;
        char *line;
        while ((line = bytes_line(&session->wire->input, &length))) {
            if (length < 4) continue;
            if (session->awaited == HELLO && !strcmp(line + 4, "PIPELINING")) session->is_pipelining = !is_lockstep;
            if (line[3] == ' ') replied(session, line);
        }
        if (wire_flush(session->wire) < 0) return end(session);
        if (session->awaited == GOODBYE && session->taken && !bytes_count(&session->wire->output)) return end(session);
    }
}

static int compare(const void *one, const void *other) {
    uint32_t a = *(const uint32_t *)one, b = *(const uint32_t *)other;
    return a < b ? -1 : a > b;
}

static uint32_t quantile(double part) { return done ? latencies[(size_t)((double)(done - 1) * part)] : 0; }

int run_load(const struct options *options) {
    the = options;
    signal(SIGPIPE, SIG_IGN);
    is_lockstep = !strcmp(options->mode, "lockstep");
    may_chain = !strcmp(options->mode, "chained");
    address = bench_address(options->address);
    latencies = calloc((size_t)options->messages + 1, sizeof *latencies);
    if (!latencies) bench_fail("calloc");
    write_text();
    poller = bench_poller();
    uint64_t start = bench_now();
    for (int session = 0; session < options->sessions; ++session) open_session();
    while (open_sessions) {
        struct epoll_event events[256];
        int is_over = done >= options->messages;
        int count = epoll_wait(poller, events, 256, is_over ? 200 : 30000);
        if (count == 0) {
            // Whoever still waits for a greeting or a goodbye is not needed any more.
            if (is_over) break;
            fprintf(stderr, "bench-peer: nothing was heard for 30 s\n");
            break;
        }
        if (count < 0 && errno != EINTR) bench_fail("epoll_wait");
        for (int place = 0; place < count; ++place) heard(((struct wire *)events[place].data.ptr)->owner);
    }
    double seconds = done ? (double)(last_done - start) / 1e9 : 0;
    qsort(latencies, (size_t)done, sizeof *latencies, compare);
    printf(
        "{\"messages\":%ld,\"failed\":%ld,\"seconds\":%.6f,\"p50USec\":%u,\"p99USec\":%u,\"maxUSec\":%u}\n", done, failed, seconds,
        quantile(0.5), quantile(0.99), quantile(1));
    return done == options->messages ? 0 : 1;
}

int run_idle(const struct options *options) {
    signal(SIGPIPE, SIG_IGN);
    address = bench_address(options->address);
    poller = bench_poller();
    int greeted = 0;
    for (int opened = 0; opened < options->sessions;) {
        for (int burst = 0; burst < 100 && opened < options->sessions; ++burst, ++opened) wire_connect(poller, &address, NULL);
        while (greeted < opened) {
            struct epoll_event events[256];
            int count = epoll_wait(poller, events, 256, 10000);
            if (count <= 0) bench_fail("waiting for greetings");
            for (int place = 0; place < count; ++place) {
                struct wire *wire = events[place].data.ptr;
                int result = wire_read(wire);
                if (result < 0) bench_fail("a connection was closed");
                if (!bytes_count(&wire->input)) continue;
                if (bytes_first(&wire->input)[0] == '2' && !wire->owner) {
                    wire->owner = wire;
                    ++greeted;
                }
                bytes_take(&wire->input, bytes_count(&wire->input));
            }
        }
    }
    printf("{\"connections\":%d}\n", greeted);
    fflush(stdout);
    for (;;) pause();
}

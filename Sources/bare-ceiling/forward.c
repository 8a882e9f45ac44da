// SPDX-License-Identifier: Apache-2.0
// A few connections to the upstream: MAIL, RCPT and DATA in one flight, the text in the next.
#define _GNU_SOURCE
#include "ceiling.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum stage { GREETING, HELLO, SECURING, SECURE_HELLO, LOGIN, IDLE, MAIL, RECIPIENT, DATA, TEXT };

struct link {
    struct wire *wire;
    enum stage stage;
    struct letter *letter;
    struct link *next_idle;
};

static struct sockaddr_in upstream;
static const char *login;
static struct ssl_ctx_st *context;
static struct letters queue;
static struct link *idle;
static int is_forwarding;

static const char envelope[] = "MAIL FROM:<sender@bench.example>\r\nRCPT TO:<recipient@bench.example>\r\nDATA\r\n";

static void begin(struct link *link) {
    link->letter = letters_take(&queue);
    if (!link->letter) {
        link->stage = IDLE;
        link->next_idle = idle;
        idle = link;
        return;
    }
    link->stage = MAIL;
    bytes_add(&link->wire->output, envelope, sizeof envelope - 1);
}

static void say_hello(struct link *link, enum stage stage) {
    bytes_say(&link->wire->output, "EHLO ceiling.bench.example\r\n");
    link->stage = stage;
}

static void be_ready(struct link *link) {
    if (!login) return begin(link);
    bytes_say(&link->wire->output, "AUTH PLAIN ");
    bytes_say(&link->wire->output, login);
    bytes_say(&link->wire->output, "\r\n");
    link->stage = LOGIN;
}

static void replied(struct link *link, const char *line) {
    static const char expected[] = {'2', '2', '2', '2', '2', '2', '2', '2', '3', '2'};
    if (line[0] != expected[link->stage]) {
        fprintf(stderr, "bare-ceiling: the upstream said %s\n", line);
        exit(1);
    }
    switch (link->stage) {
    case GREETING: return say_hello(link, HELLO);
    case HELLO:
        if (!context) return be_ready(link);
        bytes_say(&link->wire->output, "STARTTLS\r\n");
        link->stage = SECURING;
        return;
    case SECURING:
        wire_secure(link->wire, context, 0);
        return say_hello(link, SECURE_HELLO);
    case SECURE_HELLO: return be_ready(link);
    case LOGIN: return begin(link);
    case IDLE: return;
    case MAIL:
    case RECIPIENT: ++link->stage; return;
    case DATA:
        bytes_add(&link->wire->output, link->letter->text, link->letter->length);
        link->stage = TEXT;
        return;
    case TEXT:
        journal_settle();
        free(link->letter);
        return begin(link);
    }
}

void forward_heard(struct wire *wire) {
    struct link *link = wire->owner;
    if (wire_flush(wire) < 0) bench_fail("writing to the upstream");
    for (;;) {
        int result = wire_read(wire);
        if (result < 0) bench_fail("the upstream has ended");
        if (result == 0) return;
        size_t length;
        char *line;
        while ((line = bytes_line(&wire->input, &length))) {
            if (length > 3 && line[3] == ' ') replied(link, line);
        }
        if (wire_flush(wire) < 0) bench_fail("writing to the upstream");
    }
}

void forward_take(struct letter *letter) {
    if (!is_forwarding) {
        free(letter);
        return;
    }
    letters_add(&queue, letter);
    struct link *link = idle;
    if (!link) return;
    idle = link->next_idle;
    begin(link);
    if (wire_flush(link->wire) < 0) bench_fail("writing to the upstream");
}

void forward_start(int poller, const char *address, int connections, const char *word, int is_tls) {
    letters_clear(&queue);
    if (!address) return;
    is_forwarding = 1;
    upstream = bench_address(address);
    login = word;
    if (is_tls) context = bench_tls(NULL, NULL);
    for (int count = 0; count < connections; ++count) {
        struct link *link = calloc(1, sizeof *link);
        if (!link) bench_fail("calloc");
        link->wire = wire_connect(poller, &upstream, link);
    }
}

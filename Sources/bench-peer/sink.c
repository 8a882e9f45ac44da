// SPDX-License-Identifier: Apache-2.0
// An upstream that takes everything at once and keeps nothing: STARTTLS, AUTH PLAIN, PIPELINING, CHUNKING.
//
// With a delay, what it answers to one flight leaves so many milliseconds later: a round trip's time for a client that waits.
#define _GNU_SOURCE
#include "peer.h"
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum phase { COMMANDS, TEXT, CHUNK };

/// One client.
struct client {
    struct wire *wire;
    enum phase phase;
    int is_last_chunk, is_in, wants_tls, wants_end;
    size_t chunk_left;
    /// The end of what was seen of a text: where `CRLF.CRLF` may have begun.
    char carry[4];
    size_t carried;
    uint64_t due;
    size_t held;
    struct client *next;
    int is_waiting;
};

static const struct options *the;
static struct ssl_ctx_st *context;
static struct tally *tally;
static char expected_login[512];
static int poller;
static struct client *first_waiting, **last_waiting = &first_waiting;

static void say(struct client *client, const char *text) { bytes_say(&client->wire->output, text); }

static void completed(struct client *client) {
    uint64_t now = bench_now();
    if (tally->messages == 0) tally->first_ns = now;
    tally->last_ns = now;
    tally->messages += 1;
    say(client, "250 2.0.0 ok taken\r\n");
}

static void hello(struct client *client) {
    say(client, "250-sink.bench.example\r\n250-PIPELINING\r\n250-SIZE 104857600\r\n");
    if (context && !client->wire->tls) say(client, "250-STARTTLS\r\n");
    if (the->user && (client->wire->tls || !context)) say(client, "250-AUTH PLAIN\r\n");
    say(client, "250-ENHANCEDSTATUSCODES\r\n250-CHUNKING\r\n250 8BITMIME\r\n");
}

static void login(struct client *client, const char *word) {
    client->is_in = !strcmp(word, expected_login);
    say(client, client->is_in ? "235 2.7.0 welcome\r\n" : "535 5.7.8 who are you\r\n");
}

static void command(struct client *client, char *line) {
    int may_mail = !the->user || client->is_in;
    if (!strncasecmp(line, "MAIL", 4)) {
        say(client, may_mail ? "250 2.1.0 ok\r\n" : "530 5.7.0 log in first\r\n");
    } else if (!strncasecmp(line, "RCPT", 4)) {
        say(client, may_mail ? "250 2.1.5 ok\r\n" : "503 5.5.1 mail first\r\n");
    } else if (!strncasecmp(line, "DATA", 4)) {
        if (!may_mail) {
            say(client, "503 5.5.1 mail first\r\n");
            return;
        }
        say(client, "354 go on\r\n");
        client->phase = TEXT;
        memcpy(client->carry, "\r\n", 2);
        client->carried = 2;
    } else if (!strncasecmp(line, "BDAT ", 5)) {
        char *end;
        client->chunk_left = strtoul(line + 5, &end, 10);
        client->is_last_chunk = !strcasecmp(end, " LAST");
        client->phase = CHUNK;
    } else if (!strncasecmp(line, "EHLO", 4)) {
        hello(client);
    } else if (!strncasecmp(line, "HELO", 4)) {
        say(client, "250 sink.bench.example\r\n");
    } else if (!strncasecmp(line, "STARTTLS", 8) && context) {
        say(client, "220 2.0.0 go ahead\r\n");
        client->wants_tls = 1;
    } else if (!strncasecmp(line, "AUTH PLAIN ", 11)) {
        login(client, line + 11);
    } else if (!strncasecmp(line, "QUIT", 4)) {
        say(client, "221 2.0.0 bye\r\n");
        client->wants_end = 1;
    } else if (!strncasecmp(line, "RSET", 4) || !strncasecmp(line, "NOOP", 4)) {
        say(client, "250 2.0.0 ok\r\n");
    } else {
        say(client, "500 5.5.1 what\r\n");
    }
}

/// Takes text up to its end; 1 when the end is here.
static int take_text(struct client *client) {
    struct bytes *input = &client->wire->input;
    const char *bytes = bytes_first(input);
    size_t count = bytes_count(input);
    // The end may have begun in what was taken before: look at the seam first.
    char seam[8];
    size_t fresh = count < 4 ? count : 4;
    memcpy(seam, client->carry, client->carried);
    memcpy(seam + client->carried, bytes, fresh);
    const char *found = memmem(seam, client->carried + fresh, "\r\n.\r\n", 5);
    size_t taken = count;
    if (found) {
        taken = (size_t)(found - seam) + 5 - client->carried;
    } else if ((found = memmem(bytes, count, "\r\n.\r\n", 5))) {
        taken = (size_t)(found - bytes) + 5;
    } else if (count >= 4) {
        memcpy(client->carry, bytes + count - 4, 4);
        client->carried = 4;
    } else {
        size_t all = client->carried + count, keep = all < 4 ? all : 4;
        memmove(client->carry, seam + all - keep, keep);
        client->carried = keep;
    }
    tally->bytes += taken;
    bytes_take(input, taken);
    return found != NULL;
}

static void serve(struct client *client) {
    struct bytes *input = &client->wire->input;
    while (bytes_count(input) && !client->wants_tls && !client->wants_end) {
        size_t length;
        char *line;
        switch (client->phase) {
        case COMMANDS:
            if (!(line = bytes_line(input, &length))) return;
            command(client, line);
            break;
        case TEXT:
            if (!take_text(client)) return;
            client->phase = COMMANDS;
            completed(client);
            break;
        case CHUNK: {
            size_t piece = client->chunk_left < bytes_count(input) ? client->chunk_left : bytes_count(input);
            bytes_take(input, piece);
            tally->bytes += piece;
            client->chunk_left -= piece;
            if (client->chunk_left) return;
            client->phase = COMMANDS;
            if (client->is_last_chunk) completed(client); else say(client, "250 2.0.0 chunk taken\r\n");
        }
        }
    }
}

/// Lets the answers leave; 0 when the client is gone.
static int answer(struct client *client) {
    if (wire_flush(client->wire) < 0) return 0;
    if (client->wants_end) return 0;
    if (client->wants_tls) {
        client->wants_tls = 0;
        wire_secure(client->wire, context, 1);
    }
    return 1;
}

static void hold(struct client *client) {
    if (client->is_waiting) return;
    client->is_waiting = 1;
    client->due = bench_now() + (uint64_t)the->delay_ms * 1000000u;
    client->next = NULL;
    *last_waiting = client;
    last_waiting = &client->next;
}

static void drop(struct client *client) {
    if (client->is_waiting) {
        for (struct client **place = &first_waiting; *place; place = &(*place)->next) {
            if (*place != client) continue;
            *place = client->next;
            if (!*place) last_waiting = place;
            break;
        }
    }
    wire_close(client->wire);
    free(client);
}

static void heard(struct client *client) {
    for (;;) {
        int result = wire_read(client->wire);
        if (result < 0) return drop(client);
        if (result == 0) break;
        int was_shaking = client->wire->is_shaking;
        serve(client);
        if (the->delay_ms && bytes_count(&client->wire->output)) {
            hold(client);
            return;
        }
        if (!answer(client)) return drop(client);
        if (!client->wire->tls && !was_shaking) break;
    }
}

static int release_due(void) {
    uint64_t now = bench_now();
    while (first_waiting && first_waiting->due <= now) {
        struct client *client = first_waiting;
        first_waiting = client->next;
        if (!first_waiting) last_waiting = &first_waiting;
        client->is_waiting = 0;
        if (!answer(client)) {
            drop(client);
            continue;
        }
        // What came meanwhile was left in the socket.
        heard(client);
    }
    if (!first_waiting) return -1;
    return (int)((first_waiting->due - now) / 1000000u) + 1;
}

static void admit(int listener) {
    for (;;) {
        int descriptor = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (descriptor < 0) return;
        struct client *client = calloc(1, sizeof *client);
        if (!client) bench_fail("calloc");
        client->wire = wire_open(poller, descriptor, client);
        tally->connections += 1;
        say(client, "220 sink.bench.example ESMTP\r\n");
        wire_flush(client->wire);
    }
}

int run_sink(const struct options *options) {
    the = options;
    signal(SIGPIPE, SIG_IGN);
    if (options->certificate) context = bench_tls(options->certificate, options->key);
    if (options->user) {
        char plain[256];
        int length = snprintf(plain, sizeof plain, "%c%s%c%s", 0, options->user, 0, options->password);
        EVP_EncodeBlock((unsigned char *)expected_login, (unsigned char *)plain, length);
    }
    int file = options->counter ? open(options->counter, O_RDWR | O_CREAT | O_TRUNC, 0600) : -1;
    if (options->counter && (file < 0 || ftruncate(file, sizeof *tally) < 0)) bench_fail(options->counter);
    tally = mmap(NULL, sizeof *tally, PROT_READ | PROT_WRITE, file < 0 ? MAP_SHARED | MAP_ANONYMOUS : MAP_SHARED, file, 0);
    if (tally == MAP_FAILED) bench_fail("mmap");
    poller = bench_poller();
    int listener = bench_listen(options->address, 4096);
    struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.ptr = NULL};
    if (epoll_ctl(poller, EPOLL_CTL_ADD, listener, &event) < 0) bench_fail("epoll_ctl");
    for (;;) {
        struct epoll_event events[256];
        int count = epoll_wait(poller, events, 256, release_due());
        if (count < 0 && errno != EINTR) bench_fail("epoll_wait");
        for (int place = 0; place < count; ++place) {
            struct wire *wire = events[place].data.ptr;
            if (!wire) {
                admit(listener);
                continue;
            }
            struct client *client = wire->owner;
            if (!client->is_waiting) heard(client);
        }
    }
}

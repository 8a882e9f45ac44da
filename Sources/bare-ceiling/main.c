// SPDX-License-Identifier: Apache-2.0
// The least a relay can do: receives mail, appends it with group commit, says 250, and forwards it. A yardstick, not a mail server.
//
// It trusts everything it is told, keeps no queue over a restart, and checks no checksum. What posthoused costs beyond it is the price
// of the rest: grammar, trace lines, recovery, retries, settings, a log.
#define _GNU_SOURCE
#include "ceiling.h"
#include <errno.h>
#include <openssl/evp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

struct app {
    struct wire *wire;
    int is_in_text, is_gone, wants_end, awaited;
    size_t searched;
};

static int poller, listener, bell;

static void say(struct app *app, const char *text) { bytes_say(&app->wire->output, text); }

static void forget(struct app *app) {
    if (app->wire) wire_close(app->wire);
    app->wire = NULL;
    app->is_gone = 1;
    if (!app->awaited) free(app);
}

static void command(struct app *app, const char *line) {
    if (!strncasecmp(line, "DATA", 4)) {
        say(app, "354 go on\r\n");
        app->is_in_text = 1;
        app->searched = 0;
    } else if (!strncasecmp(line, "EHLO", 4)) {
        say(app, "250-ceiling.bench.example\r\n250-PIPELINING\r\n250-SIZE 104857600\r\n250 8BITMIME\r\n");
    } else if (!strncasecmp(line, "QUIT", 4)) {
        say(app, "221 bye\r\n");
        app->wants_end = 1;
    } else {
        say(app, "250 ok\r\n");
    }
}

/// Takes the text when its end is here.
static int take_text(struct app *app) {
    struct bytes *input = &app->wire->input;
    char *bytes = bytes_first(input);
    size_t count = bytes_count(input);
    char *end = NULL;
    if (app->searched == 0 && count >= 3 && !memcmp(bytes, ".\r\n", 3)) end = bytes - 2;
    if (!end) end = memmem(bytes + app->searched, count - app->searched, "\r\n.\r\n", 5);
    if (!end) {
        app->searched = count < 4 ? 0 : count - 4;
        return 0;
    }
    size_t length = (size_t)(end + 5 - bytes);
    struct letter *letter = malloc(sizeof *letter + length);
    if (!letter) bench_fail("malloc");
    letter->app = app;
    letter->length = length;
    memcpy(letter->text, bytes, length);
    bytes_take(input, length);
    app->is_in_text = 0;
    app->awaited = 1;
    journal_add(letter);
    return 1;
}

static void serve(struct app *app) {
    struct bytes *input = &app->wire->input;
    size_t length;
    while (bytes_count(input) && !app->awaited && !app->wants_end) {
        if (app->is_in_text) {
            if (!take_text(app)) break;
        } else {
            char *line = bytes_line(input, &length);
            if (!line) break;
            command(app, line);
        }
    }
    if (bytes_count(&app->wire->output) && wire_flush(app->wire) < 0) return forget(app);
    if (app->wants_end) forget(app);
}

static void heard(struct app *app) {
    int result = wire_read(app->wire);
    if (result < 0) return forget(app);
    if (result > 0) serve(app);
    else if (wire_flush(app->wire) < 0) forget(app);
}

static void admit(void) {
    for (;;) {
        int descriptor = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (descriptor < 0) return;
        struct app *app = calloc(1, sizeof *app);
        if (!app) bench_fail("calloc");
        // Apps and links are told apart by the lowest bit of their owner.
        app->wire = wire_open(poller, descriptor, (char *)app + 1);
        say(app, "220 ceiling.bench.example ESMTP\r\n");
        wire_flush(app->wire);
    }
}

static void acknowledge(void) {
    uint64_t rings;
    if (read(bell, &rings, sizeof rings) < 0 && errno != EAGAIN) bench_fail("eventfd");
    struct letters ready = journal_done();
    for (struct letter *letter = ready.first, *next; letter; letter = next) {
        next = letter->next;
        struct app *app = letter->app;
        app->awaited = 0;
        forward_take(letter);
        if (app->is_gone) {
            free(app);
        } else {
            say(app, "250 durable\r\n");
            serve(app);
        }
    }
}

static void watch(int descriptor) {
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = descriptor == listener ? (void *)&listener : (void *)&bell};
    if (epoll_ctl(poller, EPOLL_CTL_ADD, descriptor, &event) < 0) bench_fail("epoll_ctl");
}

static void turn(void) {
    struct epoll_event events[256];
    int count = epoll_wait(poller, events, 256, -1);
    if (count < 0 && errno != EINTR) bench_fail("epoll_wait");
    int is_ringing = 0;
    for (int place = 0; place < count; ++place) {
        void *target = events[place].data.ptr;
        if (target == &listener) admit();
        else if (target == &bell) is_ringing = 1;
        else {
            struct wire *wire = target;
            uintptr_t owner = (uintptr_t)wire->owner;
            if (owner & 1) heard((struct app *)(owner - 1)); else forward_heard(wire);
        }
    }
    // Last, because it may close connections that have an event in this batch.
    if (is_ringing) acknowledge();
    journal_turn();
}

int main(int count, char **words) {
    if (count != 3 && count != 6 && count != 8) {
        fputs("bare-ceiling LISTEN JOURNAL [UPSTREAM CONNECTIONS plain|tls [USER PASSWORD]]\n", stderr);
        return 64;
    }
    static char login[512];
    if (count == 8) {
        char plain[256];
        int length = snprintf(plain, sizeof plain, "%c%s%c%s", 0, words[6], 0, words[7]);
        EVP_EncodeBlock((unsigned char *)login, (unsigned char *)plain, length);
    }
    signal(SIGPIPE, SIG_IGN);
    bench_raise_limits();
    poller = bench_poller();
    bell = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (bell < 0) bench_fail("eventfd");
    watch(bell);
    journal_start(words[2], bell);
    forward_start(poller, count > 3 ? words[3] : NULL, count > 3 ? atoi(words[4]) : 0, count == 8 ? login : NULL,
                  count > 3 && !strcmp(words[5], "tls"));
    listener = bench_listen(words[1], 4096);
    watch(listener);
    for (;;) turn();
}

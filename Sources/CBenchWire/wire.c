// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "benchwire.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { PORTION = 65536 };

void bench_fail(const char *what) {
    perror(what);
    exit(1);
}

uint64_t bench_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void bench_raise_limits(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

struct sockaddr_in bench_address(const char *text) {
    struct sockaddr_in address = {.sin_family = AF_INET};
    char host[64];
    const char *colon = strrchr(text, ':');
    if (!colon || (size_t)(colon - text) >= sizeof host) {
        fprintf(stderr, "\"%s\" is not ADDRESS:PORT\n", text);
        exit(64);
    }
    memcpy(host, text, (size_t)(colon - text));
    host[colon - text] = 0;
    if (inet_pton(AF_INET, host, &address.sin_addr) != 1) bench_fail(text);
    address.sin_port = htons((uint16_t)atoi(colon + 1));
    return address;
}

int bench_poller(void) {
    int poller = epoll_create1(EPOLL_CLOEXEC);
    if (poller < 0) bench_fail("epoll_create1");
    return poller;
}

int bench_listen(const char *text, int backlog) {
    struct sockaddr_in address = bench_address(text);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), yes = 1;
    if (listener < 0) bench_fail("socket");
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0 || listen(listener, backlog) < 0) bench_fail(text);
    socklen_t length = sizeof address;
    if (getsockname(listener, (struct sockaddr *)&address, &length) < 0) bench_fail("getsockname");
    printf("port %d\n", ntohs(address.sin_port));
    fflush(stdout);
    return listener;
}

char *bytes_room(struct bytes *bytes, size_t room) {
    if (bytes->capacity - bytes->end >= room) return bytes->memory + bytes->end;
    size_t count = bytes_count(bytes);
    if (bytes->start > 0 && bytes->capacity - count >= room) {
        memmove(bytes->memory, bytes->memory + bytes->start, count);
    } else {
        size_t capacity = bytes->capacity ? bytes->capacity : 4096;
        while (capacity - count < room) capacity *= 2;
        char *memory = malloc(capacity);
        if (!memory) bench_fail("malloc");
        if (count) memcpy(memory, bytes->memory + bytes->start, count);
        free(bytes->memory);
        bytes->memory = memory;
        bytes->capacity = capacity;
    }
    bytes->start = 0;
    bytes->end = count;
    return bytes->memory + count;
}

void bytes_add(struct bytes *bytes, const void *what, size_t length) {
    memcpy(bytes_room(bytes, length), what, length);
    bytes->end += length;
}

void bytes_say(struct bytes *bytes, const char *text) { bytes_add(bytes, text, strlen(text)); }

char *bytes_line(struct bytes *bytes, size_t *length) {
    char *line = bytes_first(bytes), *end = bytes_count(bytes) ? memchr(line, '\n', bytes_count(bytes)) : NULL;
    if (!end) return NULL;
    *length = (size_t)(end - line);
    if (*length > 0 && end[-1] == '\r') --*length;
    line[*length] = 0;
    // The memory stays until the next read, also when this was the last line.
    bytes_take(bytes, (size_t)(end - line) + 1);
    return line;
}

struct wire *wire_open(int poller, int descriptor, void *owner) {
    struct wire *wire = calloc(1, sizeof *wire);
    if (!wire) bench_fail("calloc");
    wire->descriptor = descriptor;
    wire->owner = owner;
    int yes = 1;
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = wire};
    if (epoll_ctl(poller, EPOLL_CTL_ADD, descriptor, &event) < 0) bench_fail("epoll_ctl");
    return wire;
}

struct wire *wire_connect(int poller, const struct sockaddr_in *address, void *owner) {
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (descriptor < 0) bench_fail("socket");
    if (connect(descriptor, (const struct sockaddr *)address, sizeof *address) < 0 && errno != EINPROGRESS) bench_fail("connect");
    return wire_open(poller, descriptor, owner);
}

void wire_secure(struct wire *wire, struct ssl_ctx_st *context, int is_server) {
    wire->tls = SSL_new(context);
    if (!wire->tls || SSL_set_fd(wire->tls, wire->descriptor) != 1) bench_fail("SSL_new");
    if (is_server) SSL_set_accept_state(wire->tls); else SSL_set_connect_state(wire->tls);
    wire->is_shaking = 1;
}

static int wire_handshake(struct wire *wire) {
    int result = SSL_do_handshake(wire->tls);
    if (result == 1) {
        wire->is_shaking = 0;
        return 1;
    }
    int error = SSL_get_error(wire->tls, result);
    return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? 0 : -1;
}

int wire_read(struct wire *wire) {
    if (wire->is_shaking) {
        int result = wire_handshake(wire);
        if (result <= 0) return result;
        // A client that is through has something to say before anything comes.
        return 1;
    }
    int came = 0;
    for (;;) {
        char *room = bytes_room(&wire->input, PORTION);
        ssize_t count = wire->tls ? SSL_read(wire->tls, room, PORTION) : read(wire->descriptor, room, PORTION);
        if (count > 0) {
            wire->input.end += (size_t)count;
            came = 1;
            if (!wire->tls && count < PORTION) return came;
            continue;
        }
        if (wire->tls) {
            int error = SSL_get_error(wire->tls, (int)count);
            if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return came;
            ERR_clear_error();
            return -1;
        }
        if (count < 0 && (errno == EAGAIN || errno == ENOTCONN)) return came;
        return -1;
    }
}

int wire_flush(struct wire *wire) {
    struct bytes *output = &wire->output;
    if (wire->is_shaking) return 0;
    while (bytes_count(output)) {
        size_t length = bytes_count(output);
        ssize_t count = wire->tls ? SSL_write(wire->tls, bytes_first(output), (int)length)
                                  : write(wire->descriptor, bytes_first(output), length);
        if (count > 0) {
            bytes_take(output, (size_t)count);
            continue;
        }
        if (wire->tls) {
            int error = SSL_get_error(wire->tls, (int)count);
            if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return 1;
            ERR_clear_error();
            return -1;
        }
        return errno == EAGAIN || errno == ENOTCONN ? 1 : -1;
    }
    return 0;
}

void wire_close(struct wire *wire) {
    if (wire->tls) SSL_free(wire->tls);
    close(wire->descriptor);
    free(wire->input.memory);
    free(wire->output.memory);
    free(wire);
}

struct ssl_ctx_st *bench_tls(const char *certificate, const char *key) {
    SSL_CTX *context = SSL_CTX_new(certificate ? TLS_server_method() : TLS_client_method());
    if (!context) bench_fail("SSL_CTX_new");
    SSL_CTX_set_read_ahead(context, 1);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    if (certificate && (SSL_CTX_use_certificate_chain_file(context, certificate) != 1
                        || SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1)) {
        ERR_print_errors_fp(stderr);
        exit(1);
    }
    return context;
}

// SPDX-License-Identifier: Apache-2.0
// One connection of the benchmark's own programs: bytes in, bytes out, with or without TLS, over an edge-triggered epoll set.
//
// Made for speed and for nothing else: what goes wrong ends the program with a sentence. None of it is part of the daemon.
#pragma once
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>

struct ssl_ctx_st;
struct ssl_st;

/// Bytes that wait: `start` up to `end` of `memory`.
struct bytes {
    char *memory;
    size_t start, end, capacity;
};

/// One connection; `owner` belongs to the program.
struct wire {
    int descriptor;
    int is_shaking;
    struct ssl_st *tls;
    struct bytes input, output;
    void *owner;
};

/// Ends the program with a sentence and what the system says.
_Noreturn void bench_fail(const char *what);
/// Monotonic nanoseconds.
uint64_t bench_now(void);
/// As many descriptors as the system allows.
void bench_raise_limits(void);
/// The IPv4 address that `text` ("127.0.0.1:25") names.
struct sockaddr_in bench_address(const char *text);
/// An epoll set.
int bench_poller(void);
/// A listening socket; says its port on standard output as "port N".
int bench_listen(const char *address, int backlog);

/// Room for at least `room` more bytes behind those that wait.
char *bytes_room(struct bytes *bytes, size_t room);
/// Adds bytes behind those that wait.
void bytes_add(struct bytes *bytes, const void *what, size_t length);
/// Adds a text.
void bytes_say(struct bytes *bytes, const char *text);
/// How many bytes wait.
static inline size_t bytes_count(const struct bytes *bytes) { return bytes->end - bytes->start; }
/// The first of them.
static inline char *bytes_first(struct bytes *bytes) { return bytes->memory + bytes->start; }
/// Takes bytes from the front.
static inline void bytes_take(struct bytes *bytes, size_t length) {
    bytes->start += length;
    if (bytes->start == bytes->end) bytes->start = bytes->end = 0;
}
/// The next line without its end and its length, taken from the front; null when there is none yet. Valid until the next read.
char *bytes_line(struct bytes *bytes, size_t *length);

/// A wire over an open socket, watched by `poller`.
struct wire *wire_open(int poller, int descriptor, void *owner);
/// A wire that connects to an address.
struct wire *wire_connect(int poller, const struct sockaddr_in *address, void *owner);
/// Begins TLS, as client or server; the handshake goes on inside the reads.
void wire_secure(struct wire *wire, struct ssl_ctx_st *context, int is_server);
/// Reads what there is: 1 something came, 0 nothing now, -1 the other side has ended.
int wire_read(struct wire *wire);
/// Writes what waits: 0 all of it, 1 some is left, -1 the connection is lost.
int wire_flush(struct wire *wire);
/// Closes and frees.
void wire_close(struct wire *wire);
/// A TLS context: a server's with a certificate, a client's without (it verifies nothing: what it costs is once for a connection).
struct ssl_ctx_st *bench_tls(const char *certificate, const char *key);

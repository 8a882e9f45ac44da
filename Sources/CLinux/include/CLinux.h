// SPDX-License-Identifier: Apache-2.0
/// The part of Linux that Swift's Glibc module leaves out: epoll, eventfd, signalfd, accept4, threads with a name.
#ifndef CLINUX_H
#define CLINUX_H

#include <stddef.h>
#include <stdint.h>

#include "clinux_disk.h"
#include "clinux_peer.h"

/// One event as the loop sees it.
struct clinux_event {
    uint32_t events;
    uint64_t token;
};

/// The bits of `clinux_event.events`.
enum {
    clinux_readable = 0x001,
    clinux_writable = 0x004,
    clinux_failed = 0x008,
    clinux_hung_up = 0x010,
    clinux_peer_finished = 0x2000,
};

int clinux_epoll_create(void);
/// Watches `descriptor` for both directions, edge triggered.
int clinux_epoll_watch(int epoll, int descriptor, uint64_t token);
/// Watches `descriptor` for the given bits, level triggered; also changes what is watched.
int clinux_epoll_watch_level(int epoll, int descriptor, uint32_t events, uint64_t token);
int clinux_epoll_forget(int epoll, int descriptor);
/// Waits at most `nanoseconds` (negative: for ever); answers how many events it wrote, or -1.
int clinux_epoll_wait(int epoll, struct clinux_event *events, int room, int64_t nanoseconds);

int clinux_eventfd(void);
/// Blocks the signals in `signals` and answers a descriptor that reads them.
int clinux_signalfd(const int *signals, size_t count);
/// Reads one signal number, 0 when none waits, -1 on error.
int clinux_read_signal(int descriptor);
void clinux_ignore_broken_pipes(void);

/// A non-blocking, close-on-exec socket.
int clinux_socket(int family, int type);
/// Who is at the other end of a Unix socket; 0, or -1 where the kernel does not tell.
int clinux_peer(int socket, int32_t *process, uint32_t *user, uint32_t *group);
/// Accepts a connection; writes the peer's `sockaddr_storage` and its length.
int clinux_accept(int listener, void *address, uint32_t *length);

/// The thread's own pointer to the loop that runs on it.
void *clinux_current_loop(void);
void clinux_set_current_loop(void *loop);

typedef void (*clinux_thread_body)(void *argument);
/// Starts a detached thread with a small stack, every signal blocked; answers 0 or an error number.
int clinux_start_thread(const char *name, clinux_thread_body body, void *argument);

/// Has memory that was freed kept for what comes next, up to some tens of megabytes, until `clinux_give_back_memory` is called.
void clinux_keep_freed_memory(void);

/// Gives back memory that was freed, and the program's own pages: those that are needed again come back from the kernel's cache.
void clinux_give_back_memory(void);

/// Random bytes from the kernel.
int clinux_random(void *bytes, size_t count);

#endif

// SPDX-License-Identifier: Apache-2.0
/// epoll, eventfd and signalfd behind plain prototypes.
#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

int clinux_epoll_create(void) { return epoll_create1(EPOLL_CLOEXEC); }

int clinux_epoll_watch(int epoll, int descriptor, uint64_t token)
{
    struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.u64 = token };
    return epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event);
}

int clinux_epoll_watch_level(int epoll, int descriptor, uint32_t events, uint64_t token)
{
    struct epoll_event event = { .events = events, .data.u64 = token };
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event) == 0)
        return 0;
    if (errno != EEXIST)
        return -1;
    return epoll_ctl(epoll, EPOLL_CTL_MOD, descriptor, &event);
}

int clinux_epoll_forget(int epoll, int descriptor) { return epoll_ctl(epoll, EPOLL_CTL_DEL, descriptor, NULL); }

static int wait_in_milliseconds(int epoll, struct epoll_event *events, int room, int64_t nanoseconds)
{
    int milliseconds = -1;
    if (nanoseconds >= 0) {
        int64_t rounded_up = (nanoseconds + 999999) / 1000000;
        milliseconds = rounded_up > 86400000 ? 86400000 : (int)rounded_up;
    }
    return epoll_wait(epoll, events, room, milliseconds);
}

int clinux_epoll_wait(int epoll, struct clinux_event *events, int room, int64_t nanoseconds)
{
    struct epoll_event batch[256];
    if (room > 256)
        room = 256;
    int count = wait_in_milliseconds(epoll, batch, room, nanoseconds);
    for (int i = 0; i < count; i++) {
        events[i].events = batch[i].events;
        events[i].token = batch[i].data.u64;
    }
    return count;
}

int clinux_eventfd(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

int clinux_signalfd(const int *signals, size_t count)
{
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < count; i++)
        sigaddset(&set, signals[i]);
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
        return -1;
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int clinux_read_signal(int descriptor)
{
    struct signalfd_siginfo info;
    ssize_t count = read(descriptor, &info, sizeof info);
    if (count == (ssize_t)sizeof info)
        return (int)info.ssi_signo;
    return count < 0 && errno != EAGAIN ? -1 : 0;
}

void clinux_ignore_broken_pipes(void) { signal(SIGPIPE, SIG_IGN); }

// SPDX-License-Identifier: Apache-2.0
/// Threads with a name and a small stack, and the loop that a thread belongs to.
#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/random.h>

static _Thread_local void *current_loop;

void *clinux_current_loop(void) { return current_loop; }

void clinux_set_current_loop(void *loop) { current_loop = loop; }

struct start {
    clinux_thread_body body;
    void *argument;
};

static void *begin(void *raw)
{
    struct start start = *(struct start *)raw;
    free(raw);
    start.body(start.argument);
    return NULL;
}

int clinux_start_thread(const char *name, clinux_thread_body body, void *argument)
{
    struct start *start = malloc(sizeof *start);
    if (!start)
        return ENOMEM;
    *start = (struct start) { body, argument };

    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 256 * 1024);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);

    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    pthread_t thread;
    int error = pthread_create(&thread, &attributes, begin, start);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    if (error) {
        free(start);
        return error;
    }
    pthread_setname_np(thread, name);
    return 0;
}

int clinux_random(void *bytes, size_t count)
{
    return getrandom(bytes, count, 0) == (ssize_t)count ? 0 : -1;
}

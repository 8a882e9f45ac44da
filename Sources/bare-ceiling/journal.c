// SPDX-License-Identifier: Apache-2.0
// One file that was written before, overwritten from its beginning again and again; one write and one fdatasync for whatever has collected.
#define _GNU_SOURCE
#include "ceiling.h"
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

enum { FILE_SIZE = 64 << 20, HEADER = 32, MOST = IOV_MAX };

static int file, bell;
static size_t position;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t arrival = PTHREAD_COND_INITIALIZER;
static struct letters collecting, waiting, done;
static size_t settled, settled_waiting;

static void write_all(struct iovec *pieces, int count, size_t length) {
    if (position + length > FILE_SIZE) position = 0;
    size_t left = length;
    while (left) {
        ssize_t written = pwritev(file, pieces, count, (off_t)position);
        if (written <= 0) bench_fail("pwritev");
        position += (size_t)written;
        left -= (size_t)written;
        while (count && (size_t)written >= pieces->iov_len) {
            written -= (ssize_t)pieces->iov_len;
            ++pieces;
            --count;
        }
        if (count && written) {
            pieces->iov_base = (char *)pieces->iov_base + written;
            pieces->iov_len -= (size_t)written;
        }
    }
}

static void write_batch(struct letters batch, size_t settlements) {
    static char header[HEADER];
    static char notes[HEADER * 1024];
    struct iovec pieces[MOST];
    int count = 0;
    size_t length = 0;
    for (; settlements > 0 && count < MOST - 2;) {
        size_t some = settlements < 1024 ? settlements : 1024;
        pieces[count++] = (struct iovec){notes, some * HEADER};
        length += some * HEADER;
        settlements -= some;
    }
    for (struct letter *letter = batch.first; letter; letter = letter->next) {
        if (count > MOST - 2 || length + HEADER + letter->length > FILE_SIZE / 2) {
            write_all(pieces, count, length);
            count = 0;
            length = 0;
        }
        pieces[count++] = (struct iovec){header, HEADER};
        pieces[count++] = (struct iovec){letter->text, letter->length};
        length += HEADER + letter->length;
    }
    write_all(pieces, count, length);
    if (fdatasync(file) < 0) bench_fail("fdatasync");
}

static void *work(void *nothing) {
    for (;;) {
        pthread_mutex_lock(&mutex);
        while (!waiting.first) pthread_cond_wait(&arrival, &mutex);
        struct letters batch = waiting;
        size_t settlements = settled_waiting;
        settled_waiting = 0;
        letters_clear(&waiting);
        pthread_mutex_unlock(&mutex);
        write_batch(batch, settlements);
        pthread_mutex_lock(&mutex);
        int was_empty = !done.first;
        *done.last = batch.first;
        done.last = batch.last;
        pthread_mutex_unlock(&mutex);
        uint64_t one = 1;
        if (was_empty && write(bell, &one, sizeof one) < 0) bench_fail("eventfd");
    }
    return nothing;
}

void journal_start(const char *path, int ring) {
    bell = ring;
    letters_clear(&collecting);
    letters_clear(&waiting);
    letters_clear(&done);
    file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0) bench_fail(path);
    static char zeros[1 << 20];
    for (int megabyte = 0; megabyte < FILE_SIZE >> 20; ++megabyte) {
        if (pwrite(file, zeros, sizeof zeros, (off_t)megabyte << 20) != sizeof zeros) bench_fail("pwrite");
    }
    if (fsync(file) < 0) bench_fail("fsync");
    pthread_t thread;
    if (pthread_create(&thread, NULL, work, NULL) != 0) bench_fail("pthread_create");
}

void journal_add(struct letter *letter) { letters_add(&collecting, letter); }

void journal_settle(void) { ++settled; }

void journal_turn(void) {
    if (!collecting.first) return;
    pthread_mutex_lock(&mutex);
    int was_empty = !waiting.first;
    *waiting.last = collecting.first;
    waiting.last = collecting.last;
    settled_waiting += settled;
    pthread_mutex_unlock(&mutex);
    if (was_empty) pthread_cond_signal(&arrival);
    settled = 0;
    letters_clear(&collecting);
}

struct letters journal_done(void) {
    pthread_mutex_lock(&mutex);
    struct letters ready = done;
    letters_clear(&done);
    pthread_mutex_unlock(&mutex);
    return ready;
}

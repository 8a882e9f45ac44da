// SPDX-License-Identifier: Apache-2.0
// What the disk and the loopback can do at best, measured beside everything else.
#define _GNU_SOURCE
#include "peer.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <limits.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { FILE_SIZE = 64 << 20, PORTION = 1 << 20 };

// About as long as an app takes from one message's answer to the next one's end; the timer adds as much again.
enum { REST_NSEC = 50000 };

static int compare(const void *one, const void *other) {
    uint32_t a = *(const uint32_t *)one, b = *(const uint32_t *)other;
    return a < b ? -1 : a > b;
}

static int prepared_file(const char *path) {
    static char zeros[PORTION];
    int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0) bench_fail(path);
    for (long offset = 0; offset < FILE_SIZE; offset += PORTION) {
        if (pwrite(file, zeros, PORTION, offset) != PORTION) bench_fail("pwrite");
    }
    if (fsync(file) < 0) bench_fail("fsync");
    return file;
}

/// One write and one sync, again and again, over bytes that were written before, with a rest before each.
static void measure_syncs(int file, long size, long count, long rest, const char *median, const char *p99) {
    struct timespec nanoseconds = {.tv_nsec = rest};
    char *piece = calloc(1, (size_t)size);
    uint32_t *latencies = calloc((size_t)count, sizeof *latencies);
    if (!piece || !latencies) bench_fail("calloc");
    long offset = 0;
    for (long number = 0; number < count; ++number) {
        if (rest) nanosleep(&nanoseconds, NULL);
        uint64_t begun = bench_now();
        if (pwrite(file, piece, (size_t)size, offset) != size || fdatasync(file) < 0) bench_fail("writing");
        latencies[number] = (uint32_t)((bench_now() - begun) / 1000);
        offset = offset + 2 * size > FILE_SIZE ? 0 : offset + size;
    }
    qsort(latencies, (size_t)count, sizeof *latencies, compare);
    printf("\"%s\":%u,\"%s\":%u,", median, latencies[count / 2], p99, latencies[(count - 1) * 99 / 100]);
    free(piece);
    free(latencies);
}

/// Bytes a second of large writes with a sync for each 8 MiB, to the end of a file and from its beginning again.
static void measure_sequence(int file, long length, int rounds, const char *name) {
    static char piece[PORTION];
    uint64_t begun = bench_now();
    for (int round = 0; round < rounds; ++round) {
        for (long offset = 0; offset < length; offset += PORTION) {
            if (pwrite(file, piece, PORTION, offset) != PORTION) bench_fail("pwrite");
            if (offset % (8 * PORTION) == 0 && fdatasync(file) < 0) bench_fail("fdatasync");
        }
        if (fdatasync(file) < 0) bench_fail("fdatasync");
    }
    printf("\"%s\":%.0f,", name, (double)rounds * (double)length / ((double)(bench_now() - begun) / 1e9));
}

/// Bytes a second from one process to another through a loopback connection.
static void measure_loopback(void) {
    enum { AMOUNT = 512 };
    static char piece[PORTION];
    struct sockaddr_in address = bench_address("127.0.0.1:0");
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, length) < 0 || listen(listener, 1) < 0 ||
        getsockname(listener, (struct sockaddr *)&address, &length) < 0)
        bench_fail("loopback");
    fflush(stdout);
    pid_t sender = fork();
    if (sender < 0) bench_fail("fork");
    if (sender == 0) {
        int out = socket(AF_INET, SOCK_STREAM, 0);
        if (connect(out, (struct sockaddr *)&address, length) < 0) _exit(1);
        for (int count = 0; count < AMOUNT; ++count) {
            for (long sent = 0; sent < PORTION;) {
                ssize_t some = write(out, piece + sent, (size_t)(PORTION - sent));
                if (some <= 0) _exit(1);
                sent += some;
            }
        }
        _exit(0);
    }
    int in = accept(listener, NULL, NULL);
    if (in < 0) bench_fail("accept");
    uint64_t begun = bench_now(), bytes = 0;
    for (ssize_t some; (some = read(in, piece, 65536)) > 0;) bytes += (uint64_t)some;
    printf("\"loopbackBytesPerSec\":%.0f}\n", (double)bytes / ((double)(bench_now() - begun) / 1e9));
    waitpid(sender, NULL, 0);
}

int run_disk(const struct options *options) {
    int file = prepared_file(options->address);
    printf("{");
    measure_syncs(file, options->size, options->messages, 0, "syncMedianUSec", "syncP99USec");
    measure_syncs(file, options->size, options->messages, REST_NSEC, "restedSyncMedianUSec", "restedSyncP99USec");
    measure_sequence(file, FILE_SIZE, 4, "overwritingBytesPerSec");
    if (ftruncate(file, 0) < 0) bench_fail("ftruncate");
    measure_sequence(file, 8L * FILE_SIZE, 1, "sequentialBytesPerSec");
    measure_loopback();
    return 0;
}

/// Batches of so many messages, each with a header: one write and one sync for each batch, over bytes that were written before.
int run_journal(const struct options *options) {
    enum { HEADER = 32 };
    static char header[HEADER];
    int file = prepared_file(options->address);
    char *body = calloc(1, (size_t)options->size);
    struct iovec pieces[IOV_MAX];
    long most = IOV_MAX / 2, batch = options->sessions < most ? options->sessions : most, offset = 0;
    // A batch that is larger than the file would overwrite itself.
    while (batch > 1 && batch * (options->size + HEADER) > FILE_SIZE) batch /= 2;
    if (!body) bench_fail("calloc");
    uint64_t begun = bench_now();
    for (long done = 0; done < options->messages;) {
        long some = options->messages - done < batch ? options->messages - done : batch;
        ssize_t length = 0, written;
        for (long place = 0; place < some; ++place) {
            pieces[2 * place] = (struct iovec){header, HEADER};
            pieces[2 * place + 1] = (struct iovec){body, (size_t)options->size};
            length += HEADER + options->size;
        }
        if (offset + length > FILE_SIZE) offset = 0;
        if ((written = pwritev(file, pieces, (int)(2 * some), offset)) != length) bench_fail("pwritev");
        if (fdatasync(file) < 0) bench_fail("fdatasync");
        offset += length;
        done += some;
    }
    printf("{\"seconds\":%.6f}\n", (double)(bench_now() - begun) / 1e9);
    return 0;
}

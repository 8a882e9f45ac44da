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
#include <unistd.h>

enum { FILE_SIZE = 64 << 20, PORTION = 1 << 20 };

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

/// One write and one sync, again and again, over bytes that were written before.
static void measure_syncs(int file, long size, long count) {
    char *piece = calloc(1, (size_t)size);
    uint32_t *latencies = calloc((size_t)count, sizeof *latencies);
    if (!piece || !latencies) bench_fail("calloc");
    long offset = 0;
    for (long number = 0; number < count; ++number) {
        uint64_t begun = bench_now();
        if (pwrite(file, piece, (size_t)size, offset) != size || fdatasync(file) < 0) bench_fail("writing");
        latencies[number] = (uint32_t)((bench_now() - begun) / 1000);
        offset = offset + 2 * size > FILE_SIZE ? 0 : offset + size;
    }
    qsort(latencies, (size_t)count, sizeof *latencies, compare);
    printf("{\"p50USec\":%u,\"p99USec\":%u,", latencies[count / 2], latencies[(count - 1) * 99 / 100]);
}

/// Bytes a second of large writes, each synced.
static void measure_sequence(int file) {
    static char piece[PORTION];
    uint64_t begun = bench_now();
    for (int round = 0; round < 4; ++round) {
        for (long offset = 0; offset < FILE_SIZE; offset += PORTION) {
            if (pwrite(file, piece, PORTION, offset) != PORTION) bench_fail("pwrite");
            if (offset % (8 * PORTION) == 0 && fdatasync(file) < 0) bench_fail("fdatasync");
        }
        if (fdatasync(file) < 0) bench_fail("fdatasync");
    }
    printf("\"sequentialBytesPerSec\":%.0f,", 4.0 * FILE_SIZE / ((double)(bench_now() - begun) / 1e9));
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
    measure_syncs(file, options->size, options->messages);
    measure_sequence(file);
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

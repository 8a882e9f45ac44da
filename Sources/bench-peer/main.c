// SPDX-License-Identifier: Apache-2.0
// The other side of a benchmark: `bench-peer load` hands mail in, `bench-peer sink` takes it, `bench-peer idle` only connects.
#include "peer.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "bench-peer sink ADDRESS:PORT [--tls CERTIFICATE KEY] [--login USER PASSWORD] [--counter FILE] [--delay MILLISECONDS]\n"
    "bench-peer load ADDRESS:PORT [--sessions N] [--messages N] [--size BYTES] [--mode lockstep|pipelined|chained]\n"
    "                             [--per-connection N]\n"
    "bench-peer idle ADDRESS:PORT [--sessions N]\n"
    "bench-peer disk FILE [--messages N] [--size BYTES]\n"
    "bench-peer journal FILE [--messages N] [--size BYTES] [--sessions N]\n"
    "bench-peer hold PROGRAM [WORD...]\n";

int main(int count, char **words) {
    struct options options = {.mode = "lockstep", .sessions = 1, .messages = 1, .size = 1024};
    if (count < 3) {
        fputs(usage, stderr);
        return 64;
    }
    if (!strcmp(words[1], "hold")) return run_hold(words + 2);
    options.address = words[2];
    for (int place = 3; place < count; ++place) {
        const char *word = words[place];
        int left = count - place - 1;
        if (!strcmp(word, "--tls") && left >= 2) {
            options.certificate = words[++place];
            options.key = words[++place];
        } else if (!strcmp(word, "--login") && left >= 2) {
            options.user = words[++place];
            options.password = words[++place];
        } else if (!strcmp(word, "--counter") && left >= 1) {
            options.counter = words[++place];
        } else if (!strcmp(word, "--mode") && left >= 1) {
            options.mode = words[++place];
        } else if (!strcmp(word, "--delay") && left >= 1) {
            options.delay_ms = atol(words[++place]);
        } else if (!strcmp(word, "--sessions") && left >= 1) {
            options.sessions = atoi(words[++place]);
        } else if (!strcmp(word, "--messages") && left >= 1) {
            options.messages = atol(words[++place]);
        } else if (!strcmp(word, "--size") && left >= 1) {
            options.size = atol(words[++place]);
        } else if (!strcmp(word, "--per-connection") && left >= 1) {
            options.per_connection = atol(words[++place]);
        } else {
            fputs(usage, stderr);
            return 64;
        }
    }
    bench_raise_limits();
    if (!strcmp(words[1], "sink")) return run_sink(&options);
    if (!strcmp(words[1], "load")) return run_load(&options);
    if (!strcmp(words[1], "idle")) return run_idle(&options);
    if (!strcmp(words[1], "disk")) return run_disk(&options);
    if (!strcmp(words[1], "journal")) return run_journal(&options);
    fputs(usage, stderr);
    return 64;
}

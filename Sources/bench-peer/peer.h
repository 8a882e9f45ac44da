// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "benchwire.h"

/// What the words after the verb say.
struct options {
    const char *address;
    const char *certificate, *key;
    const char *counter;
    const char *user, *password;
    const char *mode;
    int sessions;
    long messages;
    long size;
    long per_connection;
    long delay_ms;
};

/// What a sink tells while it runs, in a file that others map.
struct tally {
    volatile uint64_t messages;
    volatile uint64_t bytes;
    volatile uint64_t connections;
    volatile uint64_t first_ns;
    volatile uint64_t last_ns;
};

/// Takes mail and throws it away; never returns.
int run_sink(const struct options *options);
/// Hands mail in and says how long it took.
int run_load(const struct options *options);
/// Opens connections and holds them until it is ended.
int run_idle(const struct options *options);
/// Says what the disk under a path and the loopback can do.
int run_disk(const struct options *options);
/// Says how fast batches of `sessions` messages are written and synced.
int run_journal(const struct options *options);
/// Runs a program and fathers what it leaves behind.
int run_hold(char **words);

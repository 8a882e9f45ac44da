// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "benchwire.h"

/// One message on its way through.
struct letter {
    struct letter *next;
    struct app *app;
    size_t length;
    char text[];
};

/// A list of letters in order.
struct letters {
    struct letter *first, **last;
};

static inline void letters_clear(struct letters *letters) {
    letters->first = NULL;
    letters->last = &letters->first;
}

static inline void letters_add(struct letters *letters, struct letter *letter) {
    letter->next = NULL;
    *letters->last = letter;
    letters->last = &letter->next;
}

static inline struct letter *letters_take(struct letters *letters) {
    struct letter *letter = letters->first;
    if (letter && !(letters->first = letter->next)) letters->last = &letters->first;
    return letter;
}

/// Starts the journal's thread; what it has made durable rings `bell`.
void journal_start(const char *path, int bell);
/// Has a letter written and synced with others.
void journal_add(struct letter *letter);
/// Notes that a letter is delivered; the note rides with the next letters.
void journal_settle(void);
/// Gives the letters of this turn to the thread.
void journal_turn(void);
/// The letters that are durable now.
struct letters journal_done(void);

/// Where letters go; no upstream when `address` is null.
void forward_start(int poller, const char *address, int connections, const char *login, int is_tls);
/// Takes a durable letter.
void forward_take(struct letter *letter);
/// Something happened on a connection to the upstream.
void forward_heard(struct wire *wire);

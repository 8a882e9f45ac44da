// SPDX-License-Identifier: Apache-2.0
/// libsystemd for Swift: notifications to the service manager, sockets it hands over, records for the journal.
#ifndef CSYSTEMD_H
#define CSYSTEMD_H

/* The place in the source is part of no record: it would name the adapter, not whoever speaks. */
#define SD_JOURNAL_SUPPRESS_LOCATION

#include <sys/socket.h>
#include <sys/uio.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-journal.h>

/// The first descriptor that is handed over.
static const int csystemd_first_descriptor = SD_LISTEN_FDS_START;

/// Like sd_notify(3), but waits no longer than so many milliseconds for a manager whose socket is full; then the answer is -EAGAIN.
int csystemd_notify(const char *state, int milliseconds);

#endif

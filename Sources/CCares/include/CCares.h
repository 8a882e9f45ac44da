// SPDX-License-Identifier: Apache-2.0
/// c-ares for Swift: its header as it is.
#ifndef CCARES_H
#define CCARES_H

#include <ares.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stddef.h>

/// The servers of a channel as one line, `192.0.2.1:53,[2001:db8::1]:53`, a C string cut to the room.
void ccares_servers(ares_channel channel, char *text, size_t room);

#endif

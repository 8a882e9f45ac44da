// SPDX-License-Identifier: Apache-2.0
/// Sockets that never block and never leak into a child.
#define _GNU_SOURCE
#include "CLinux.h"

#include <sys/socket.h>

int clinux_socket(int family, int type)
{
    return socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

int clinux_accept(int listener, void *address, uint32_t *length)
{
    return accept4(listener, address, length, SOCK_CLOEXEC | SOCK_NONBLOCK);
}

int clinux_peer(int socket, int32_t *process, uint32_t *user, uint32_t *group)
{
    struct ucred credentials;
    socklen_t length = sizeof credentials;
    if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &length) != 0 || credentials.pid == 0)
        return -1;
    *process = credentials.pid;
    *user = credentials.uid;
    *group = credentials.gid;
    return 0;
}

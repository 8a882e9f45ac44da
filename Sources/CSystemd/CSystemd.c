// SPDX-License-Identifier: Apache-2.0
#include "CSystemd.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

int csystemd_notify(const char *state, int milliseconds) {
    const char *name = getenv("NOTIFY_SOCKET");
    // Only sockets in the file system or the abstract name space can be full; what else there may be is libsystemd's to know.
    if (!name || (name[0] != '/' && name[0] != '@')) return sd_notify(0, state);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = strlen(name);
    if (length >= sizeof address.sun_path) return -ENAMETOOLONG;
    memcpy(address.sun_path, name, length);
    if (name[0] == '@') address.sun_path[0] = '\0';
    int socket_number = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (socket_number < 0) return -errno;
    struct timeval patience = {.tv_sec = milliseconds / 1000, .tv_usec = milliseconds % 1000 * 1000};
    setsockopt(socket_number, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
    int flags = MSG_NOSIGNAL | (milliseconds == 0 ? MSG_DONTWAIT : 0);
    ssize_t count = sendto(socket_number, state, strlen(state), flags, (const struct sockaddr *)&address, size);
    int result = count < 0 ? -errno : 1;
    close(socket_number);
    return result;
}

// SPDX-License-Identifier: Apache-2.0
#include "CCares.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

void ccares_servers(ares_channel channel, char *text, size_t room)
{
    struct ares_addr_port_node *servers = NULL;
    size_t used = 0;
    text[0] = 0;
    if (ares_get_servers_ports(channel, &servers) != ARES_SUCCESS)
        return;
    for (struct ares_addr_port_node *server = servers; server; server = server->next) {
        char address[INET6_ADDRSTRLEN] = "";
        inet_ntop(server->family, &server->addr, address, sizeof address);
        int port = server->udp_port ? server->udp_port : 53;
        int written = snprintf(
            text + used, room - used, server->family == AF_INET6 ? "%s[%s]:%d" : "%s%s:%d", used ? ", " : "", address, port);
        if (written < 0 || (size_t)written >= room - used)
            break;
        used += (size_t)written;
    }
    ares_free_data(servers);
}

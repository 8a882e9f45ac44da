// SPDX-License-Identifier: Apache-2.0
/// Netlink's sock_diag, Unix peer credentials and the cgroup tree behind plain prototypes.
#define _GNU_SOURCE
#include "clinux_peer.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/inet_diag.h>
#include <linux/magic.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

// What the headers of Debian 12 do not know yet.
#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif
#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

struct process_description {
    uint64_t mask;
    uint64_t cgroup;
    uint32_t numbers[12];
};
#define PROCESS_DESCRIPTION_CGROUP ((uint64_t)1 << 2)
#define PROCESS_DESCRIBE _IOWR(0xff, 11, struct process_description)

int clinux_family(int socket)
{
    int family;
    socklen_t length = sizeof family;
    return getsockopt(socket, SOL_SOCKET, SO_DOMAIN, &family, &length) == 0 ? family : -1;
}

/// An address as inet_diag wants it: an IPv4 address that was mapped into IPv6 is an IPv4 address.
struct endpoint {
    uint8_t family;
    uint16_t port;
    uint32_t interface;
    uint32_t address[4];
};

static int endpoint_of(const struct sockaddr_storage *name, struct endpoint *endpoint)
{
    *endpoint = (struct endpoint) { .family = AF_INET };
    if (name->ss_family == AF_INET) {
        const struct sockaddr_in *four = (const void *)name;
        endpoint->port = four->sin_port;
        endpoint->address[0] = four->sin_addr.s_addr;
        return 0;
    }
    if (name->ss_family != AF_INET6)
        return EAFNOSUPPORT;
    const struct sockaddr_in6 *six = (const void *)name;
    endpoint->port = six->sin6_port;
    if (IN6_IS_ADDR_V4MAPPED(&six->sin6_addr)) {
        memcpy(endpoint->address, &six->sin6_addr.s6_addr[12], 4);
    } else {
        endpoint->family = AF_INET6;
        endpoint->interface = six->sin6_scope_id;
        memcpy(endpoint->address, &six->sin6_addr, 16);
    }
    return 0;
}

static int ends_of(int connection, struct endpoint *near, struct endpoint *far)
{
    struct sockaddr_storage own, peer;
    socklen_t own_length = sizeof own, peer_length = sizeof peer;
    if (getsockname(connection, (void *)&own, &own_length) != 0 || getpeername(connection, (void *)&peer, &peer_length) != 0)
        return errno;
    int error = endpoint_of(&own, near);
    return error ? error : endpoint_of(&peer, far);
}

struct question {
    struct nlmsghdr head;
    struct inet_diag_req_v2 body;
};

/// Asks, without NLM_F_DUMP, for the socket that is bound to `from` and connected to `to`.
static struct question question_about(const struct endpoint *from, const struct endpoint *to, uint32_t sequence)
{
    struct question question = {
        .head = {
            .nlmsg_len = sizeof question,
            .nlmsg_type = SOCK_DIAG_BY_FAMILY,
            .nlmsg_flags = NLM_F_REQUEST,
            .nlmsg_seq = sequence,
        },
        .body = {
            .sdiag_family = from->family,
            .sdiag_protocol = IPPROTO_TCP,
            .idiag_states = ~0u,
            .id = {
                .idiag_sport = from->port,
                .idiag_dport = to->port,
                .idiag_if = from->interface ? from->interface : to->interface,
                .idiag_cookie = { INET_DIAG_NOCOOKIE, INET_DIAG_NOCOOKIE },
            },
        },
    };
    memcpy(question.body.id.idiag_src, from->address, sizeof from->address);
    memcpy(question.body.id.idiag_dst, to->address, sizeof to->address);
    return question;
}

/// Takes what is told of a socket, if it is the very one that was asked for.
///
/// When there is none, the kernel answers with a socket that listens on the port, of whomever it may be; and a socket that is still
/// connecting or already dead is nobody's peer.
static int take_answer(const struct nlmsghdr *head, const struct question *question, struct clinux_tcp_socket *found)
{
    if (head->nlmsg_type == NLMSG_ERROR) {
        if (head->nlmsg_len < NLMSG_LENGTH(sizeof(struct nlmsgerr)))
            return EPROTO;
        int error = -((const struct nlmsgerr *)NLMSG_DATA(head))->error;
        return error > 0 ? error : EPROTO;
    }
    if (head->nlmsg_type != SOCK_DIAG_BY_FAMILY || head->nlmsg_len < NLMSG_LENGTH(sizeof(struct inet_diag_msg)))
        return EPROTO;
    const struct inet_diag_msg *told = NLMSG_DATA(head);
    if (told->id.idiag_sport != question->body.id.idiag_sport || told->id.idiag_dport != question->body.id.idiag_dport)
        return ENOENT;
    if (told->idiag_state == TCP_LISTEN || told->idiag_state == TCP_SYN_SENT || told->idiag_state == TCP_CLOSE)
        return ENOENT;
    *found = (struct clinux_tcp_socket) { .user = told->idiag_uid, .inode = told->idiag_inode };

    size_t left = head->nlmsg_len - NLMSG_LENGTH(sizeof *told);
    const char *place = (const char *)(told + 1);
    while (left >= sizeof(struct nlattr)) {
        const struct nlattr *attribute = (const void *)place;
        size_t step = NLA_ALIGN(attribute->nla_len);
        if (attribute->nla_len < sizeof *attribute || attribute->nla_len > left)
            return EPROTO;
        if ((attribute->nla_type & NLA_TYPE_MASK) == INET_DIAG_CGROUP_ID && attribute->nla_len >= sizeof *attribute + 8)
            memcpy(&found->cgroup, attribute + 1, 8);
        if (step >= left)
            break;
        place += step;
        left -= step;
    }
    return 0;
}

/// The kernel answers inside `sendto`, so that the answer is there at once; what else may lie there belongs to earlier questions.
static int ask(int diag, const struct question *question, struct clinux_tcp_socket *found)
{
    struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
    if (sendto(diag, question, sizeof *question, MSG_DONTWAIT, (void *)&kernel, sizeof kernel) < 0)
        return errno;
    for (int tries = 0; tries < 16; tries++) {
        char answer[4096] __attribute__((aligned(8)));
        struct sockaddr_nl sender = { 0 };
        socklen_t length = sizeof sender;
        ssize_t count = recvfrom(diag, answer, sizeof answer, MSG_DONTWAIT, (void *)&sender, &length);
        if (count < 0 && errno != EINTR)
            return errno;
        const struct nlmsghdr *head = (const void *)answer;
        if (count < 0 || sender.nl_pid != 0 || !NLMSG_OK(head, (size_t)count) || head->nlmsg_seq != question->head.nlmsg_seq)
            continue;
        return take_answer(head, question, found);
    }
    return EPROTO;
}

int clinux_diag_open(void)
{
    int diag = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_SOCK_DIAG);
    if (diag < 0)
        return -1;
    // The first question of all may make the kernel load a module; better now than on the loop.
    struct endpoint nowhere = { .family = AF_INET };
    struct question question = question_about(&nowhere, &nowhere, 0);
    struct clinux_tcp_socket ignored;
    ask(diag, &question, &ignored);
    return diag;
}

/// Whether two sockets are known to be of different network namespaces; unknown before Linux 5.14.
static int are_apart(int one, int other)
{
    uint64_t first, second;
    socklen_t length = sizeof first, other_length = sizeof second;
    return getsockopt(one, SOL_SOCKET, SO_NETNS_COOKIE, &first, &length) == 0
        && getsockopt(other, SOL_SOCKET, SO_NETNS_COOKIE, &second, &other_length) == 0 && first != second;
}

int clinux_tcp_end(int diag, int connection, enum clinux_end end, uint32_t sequence, struct clinux_tcp_socket *found)
{
    struct endpoint near, far;
    int error = are_apart(diag, connection) ? EXDEV : ends_of(connection, &near, &far);
    if (error)
        return error;
    struct question question
        = end == clinux_far_end ? question_about(&far, &near, sequence) : question_about(&near, &far, sequence);
    error = ask(diag, &question, found);
    if (error)
        return error;
    // Once a connection was reset its addresses are free for another one, of another user. This one still stands, so they were not.
    return ends_of(connection, &near, &far);
}

int clinux_unix_end(int connection, int32_t *process, uint32_t *user)
{
    struct ucred credentials;
    socklen_t length = sizeof credentials;
    if (getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &credentials, &length) != 0)
        return errno;
    if (credentials.uid == (uid_t)-1)
        return ENOTCONN;
    *process = credentials.pid;
    *user = credentials.uid;
    return 0;
}

int clinux_unix_end_process(int connection)
{
    int process = -1;
    socklen_t length = sizeof process;
    return getsockopt(connection, SOL_SOCKET, SO_PEERPIDFD, &process, &length) == 0 ? process : -1;
}

int clinux_process_cgroup(int process, uint64_t *cgroup)
{
    struct process_description description = { .mask = PROCESS_DESCRIPTION_CGROUP };
    if (ioctl(process, PROCESS_DESCRIBE, &description) != 0)
        return errno;
    if (!(description.mask & PROCESS_DESCRIPTION_CGROUP))
        return ENODATA;
    *cgroup = description.cgroup;
    return 0;
}

int clinux_process_has_ended(int process)
{
    struct pollfd question = { .fd = process, .events = POLLIN };
    return poll(&question, 1, 0) != 0;
}

void *clinux_directory_open(int root, const char *path)
{
    int number = openat(root, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (number < 0)
        return NULL;
    DIR *directory = fdopendir(number);
    if (!directory)
        close(number);
    return directory;
}

int clinux_directory_next(void *directory, struct clinux_subdirectory *found)
{
    for (;;) {
        errno = 0;
        struct dirent *entry = readdir(directory);
        if (!entry)
            return errno ? -1 : 0;
        if (entry->d_name[0] == '.' || (entry->d_type != DT_DIR && entry->d_type != DT_UNKNOWN))
            continue;
        struct stat status;
        if (fstatat(dirfd(directory), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISDIR(status.st_mode))
            continue;
        *found = (struct clinux_subdirectory) {
            .name = entry->d_name, .inode = status.st_ino, .device = status.st_dev, .links = status.st_nlink
        };
        return 1;
    }
}

void clinux_directory_close(void *directory) { closedir(directory); }

int clinux_open_cgroup2(const char *path)
{
    int number = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (number < 0)
        return -1;
    struct statfs status;
    if (fstatfs(number, &status) == 0 && status.f_type == CGROUP2_SUPER_MAGIC)
        return number;
    close(number);
    errno = ENODEV;
    return -1;
}

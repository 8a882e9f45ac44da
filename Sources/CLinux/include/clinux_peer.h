// SPDX-License-Identifier: Apache-2.0
/// Who is at the other end of a connection on this machine, and which control group they are in.
#ifndef CLINUX_PEER_H
#define CLINUX_PEER_H

#include <stdint.h>

/// What the kernel tells of one TCP socket.
struct clinux_tcp_socket {
    uint32_t user;
    /// 0: no process holds the socket any more, and kernels before 6.18 (at least 6.1 and 6.12) then say that `user` is 0.
    uint32_t inode;
    /// The control group it was made in; 0: not told.
    uint64_t cgroup;
};

/// Which end of a connection is meant.
enum clinux_end {
    clinux_near_end,
    clinux_far_end,
};

/// The family of a socket, or -1.
int clinux_family(int socket);

/// A netlink socket that ``clinux_tcp_end`` asks through, or -1. May take some milliseconds.
int clinux_diag_open(void);
/// Asks for one end of the TCP connection `connection`, exactly: its cost does not depend on how many connections there are. Never waits.
///
/// Answers 0 or an error number. ENOENT: there is no such socket. ENOTCONN: the connection broke. EXDEV: it is of another network
/// namespace than `diag`. EPROTO: the kernel's answer makes no sense. EAGAIN: it did not answer. Any other: it refused.
int clinux_tcp_end(int diag, int connection, enum clinux_end end, uint32_t sequence, struct clinux_tcp_socket *found);

/// The process and user that connected the Unix socket at the other end; the process is 0 when it has no number here. 0 or an error number.
int clinux_unix_end(int connection, int32_t *process, uint32_t *user);
/// A descriptor of that process, or -1 (before Linux 6.5).
int clinux_unix_end_process(int connection);
/// The control group that a process is in: 0 or an error number (before Linux 6.13; when the process has ended).
int clinux_process_cgroup(int process, uint64_t *cgroup);
/// Whether the process has ended.
int clinux_process_has_ended(int process);

/// One directory in another.
struct clinux_subdirectory {
    /// Only until the next call.
    const char *name;
    uint64_t inode;
    uint64_t device;
    /// 2: it has no directories of its own.
    uint64_t links;
};

/// Opens the directory `path`, for `openat` below `root`; NULL when it cannot.
void *clinux_directory_open(int root, const char *path);
/// 1 and the next directory in this one, 0 at the end, or -1.
int clinux_directory_next(void *directory, struct clinux_subdirectory *found);
void clinux_directory_close(void *directory);
/// Opens `path` if it is the root of a cgroup2 hierarchy, or answers -1.
int clinux_open_cgroup2(const char *path);

#endif

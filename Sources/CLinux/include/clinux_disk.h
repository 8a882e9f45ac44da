// SPDX-License-Identifier: Apache-2.0
/// Disk calls that Swift cannot import or that need a loop around them. All answer 0 or a count on success and -1 with `errno` on failure;
/// none is ended by a signal.
#ifndef CLINUX_DISK_H
#define CLINUX_DISK_H

#include <stddef.h>
#include <stdint.h>

struct iovec;

/// How `clinux_open_file` opens.
enum {
    clinux_open_read = 0,
    clinux_open_write = 1,
    clinux_open_create = 2,
};

/// Opens a directory by name below another one; a symbolic link is refused.
int clinux_open_directory(int parent, const char *name);

/// Opens the root of a tree by a path that may pass links, as an administrator may have laid them.
int clinux_open_root(const char *path);

/// Opens a regular file of our own below a directory; links, devices, pipes and other people's files are refused.
int clinux_open_file(int directory, const char *name, int mode);

/// Opens or makes a file and takes the exclusive lock on it: the descriptor, or -2 when somebody else has the lock.
int clinux_open_locked(int directory, const char *name);

/// Writes all the pieces from `offset` on, however many calls it takes.
int clinux_write_all(int file, const struct iovec *pieces, size_t count, int64_t offset);

/// Reads until `count` bytes or the end of the file; answers how many.
int64_t clinux_read_all(int file, void *bytes, size_t count, int64_t offset);

/// Reserves blocks up to `size` and writes zeros over what the file did not have yet.
int clinux_fill_with_zeros(int file, int64_t size);

/// Reserves blocks up to `size` that read as zeros; writes them where the file system cannot.
int clinux_reserve(int file, int64_t size);

/// The length of a file.
int64_t clinux_size(int file);

/// Writes the names in a directory into `buffer`, each ended by NUL; answers the bytes needed, which may exceed `room`.
int64_t clinux_names(int directory, char *buffer, size_t room);

/// Free bytes and free file numbers for an unprivileged user; files is -1 where the file system does not count them.
int clinux_space(int directory, int64_t *bytes, int64_t *files);

#endif

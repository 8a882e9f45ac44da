// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "clinux_disk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <unistd.h>

static int fail(int file, int number)
{
    if (file >= 0)
        close(file);
    errno = number;
    return -1;
}

static int open_again(int directory, const char *name, int flags, mode_t mode)
{
    int file;
    do
        file = openat(directory, name, flags | O_CLOEXEC, mode);
    while (file < 0 && errno == EINTR);
    return file;
}

int clinux_open_directory(int parent, const char *name)
{
    return open_again(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
}

int clinux_open_root(const char *path) { return open_again(AT_FDCWD, path, O_RDONLY | O_DIRECTORY, 0); }

static int open_own(int directory, const char *name, int flags)
{
    /* O_NONBLOCK, so that a pipe laid in our way is refused and not waited for. */
    int file = open_again(directory, name, flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0600);
    if (file < 0)
        return -1;
    struct stat status;
    if (fstat(file, &status) < 0)
        return fail(file, errno);
    if (!S_ISREG(status.st_mode) || status.st_nlink > 1)
        return fail(file, EPERM);
    if (status.st_uid != geteuid() && geteuid() != 0)
        return fail(file, EPERM);
    return file;
}

int clinux_open_file(int directory, const char *name, int mode)
{
    static const int flags[] = {O_RDONLY, O_RDWR, O_RDWR | O_CREAT | O_EXCL};
    return open_own(directory, name, flags[mode]);
}

int clinux_open_locked(int directory, const char *name)
{
    int file = open_own(directory, name, O_RDWR | O_CREAT);
    if (file < 0)
        return -1;
    if (flock(file, LOCK_EX | LOCK_NB) == 0)
        return file;
    int number = errno;
    fail(file, number);
    return number == EWOULDBLOCK ? -2 : -1;
}

/// The kernel's cache takes a write in pieces of memory as long as the write and its place allow; pieces of a megabyte are hard to find.
enum { PORTION = 512 << 10 };

/// While so much is still to be copied, the disk may begin with what was.
enum { MUCH = 1 << 20 };

/// Has the disk begin with what is written while more is copied. It promises nothing, and where it cannot be had we go without.
static int begin_writing(int file, int64_t offset, ssize_t length)
{
    if (sync_file_range(file, offset, length, SYNC_FILE_RANGE_WRITE) == 0)
        return 0;
    /* Any other error is one of writing, which the sync that follows might not be told again. */
    return errno == ENOSYS || errno == EPERM || errno == EACCES || errno == EINVAL || errno == ESPIPE || errno == EOPNOTSUPP ? 0 : -1;
}

int clinux_write_all(int file, const struct iovec *pieces, size_t count, int64_t offset)
{
    size_t first = 0, done = 0; /* `done` bytes of pieces[first] are written */
    size_t ahead = 0;
    for (size_t i = 0; i < count; i++)
        ahead += pieces[i].iov_len;
    while (first < count) {
        struct iovec window[256];
        size_t used = 0, length = 0, room = PORTION - (size_t)offset % PORTION;
        for (size_t i = first; i < count && used < 256 && length < room; i++) {
            const size_t start = i == first ? done : 0, left = pieces[i].iov_len - start;
            window[used].iov_base = (char *)pieces[i].iov_base + start;
            window[used].iov_len = left < room - length ? left : room - length;
            length += window[used++].iov_len;
        }
        ssize_t written = pwritev(file, window, (int)used, offset);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return -1;
        if (written == 0 && length > 0) {
            errno = ENOSPC;
            return -1;
        }
        ahead -= (size_t)written;
        if (ahead >= MUCH && begin_writing(file, offset, written) < 0)
            return -1;
        offset += written;
        size_t left = (size_t)written;
        while (first < count && left >= pieces[first].iov_len - done) {
            left -= pieces[first++].iov_len - done;
            done = 0;
        }
        done += left;
    }
    return 0;
}

int64_t clinux_read_all(int file, void *bytes, size_t count, int64_t offset)
{
    size_t done = 0;
    while (done < count) {
        ssize_t got = pread(file, (char *)bytes + done, count - done, offset + (int64_t)done);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        done += (size_t)got;
    }
    return (int64_t)done;
}

static int allocate(int file, int64_t size)
{
    int result;
    do
        result = fallocate(file, 0, 0, size);
    while (result < 0 && errno == EINTR);
    return result;
}

int clinux_fill_with_zeros(int file, int64_t size)
{
    static const char zeros[1 << 18];
    int64_t at = clinux_size(file);
    if (at < 0)
        return -1;
    if (at < size && allocate(file, size) < 0 && errno != EOPNOTSUPP)
        return -1;
    while (at < size) {
        size_t count = size - at < (int64_t)sizeof zeros ? (size_t)(size - at) : sizeof zeros;
        struct iovec piece = {(void *)zeros, count};
        if (clinux_write_all(file, &piece, 1, at) < 0)
            return -1;
        at += (int64_t)count;
    }
    return 0;
}

int clinux_reserve(int file, int64_t size)
{
    if (allocate(file, size) == 0)
        return 0;
    return errno == EOPNOTSUPP ? clinux_fill_with_zeros(file, size) : -1;
}

int64_t clinux_size(int file)
{
    struct stat status;
    return fstat(file, &status) < 0 ? -1 : (int64_t)status.st_size;
}

int64_t clinux_names(int directory, char *buffer, size_t room)
{
    int again = open_again(directory, ".", O_RDONLY | O_DIRECTORY, 0);
    if (again < 0)
        return -1;
    DIR *stream = fdopendir(again);
    if (!stream)
        return fail(again, errno);
    size_t used = 0;
    for (;;) {
        errno = 0;
        struct dirent *entry = readdir(stream);
        if (!entry)
            break;
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
            continue;
        size_t length = strlen(entry->d_name) + 1;
        if (used + length <= room)
            memcpy(buffer + used, entry->d_name, length);
        used += length;
    }
    int number = errno;
    closedir(stream);
    errno = number;
    return number ? -1 : (int64_t)used;
}

int clinux_space(int directory, int64_t *bytes, int64_t *files)
{
    struct statvfs status;
    int result;
    do
        result = fstatvfs(directory, &status);
    while (result < 0 && errno == EINTR);
    if (result < 0)
        return -1;
    *bytes = (int64_t)status.f_bavail * (int64_t)status.f_frsize;
    *files = status.f_files ? (int64_t)status.f_favail : -1;
    return 0;
}

// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "CLinux.h"
#include <link.h>
#include <malloc.h>
#include <stddef.h>
#include <sys/mman.h>
#include <unistd.h>

/// Gives back the program's own pages that nobody has written to: the kernel brings those that are needed again from its cache.
static int give_back_program(struct dl_phdr_info *info, size_t size, void *nothing) {
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    (void)size;
    (void)nothing;
    for (size_t number = 0; number < info->dlpi_phnum; ++number) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[number];
        // Pages that were written to, by relocation too, would lose what they hold; their segments are marked as writable.
        if (header->p_type != PT_LOAD || header->p_flags & PF_W) continue;
        uintptr_t start = (info->dlpi_addr + header->p_vaddr) & ~(page - 1);
        uintptr_t end = info->dlpi_addr + header->p_vaddr + header->p_filesz;
        madvise((void *)start, end - start, MADV_DONTNEED);
    }
    // The program comes first; libraries are shared with others and stay.
    return 1;
}

/// A fresh page costs more than copying what goes into it: the buffer of a body of a megabyte would be 256 page faults, each time anew.
void clinux_keep_freed_memory(void) {
    enum { LARGEST_KEPT = 4 << 20, KEPT_IN_ALL = 32 << 20 };
    mallopt(M_MMAP_THRESHOLD, LARGEST_KEPT);
    mallopt(M_TRIM_THRESHOLD, KEPT_IN_ALL);
}

void clinux_give_back_memory(void) {
    malloc_trim(0);
    dl_iterate_phdr(give_back_program, NULL);
}

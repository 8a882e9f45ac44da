// SPDX-License-Identifier: Apache-2.0
/// What Swift cannot say about bytes: the processor's CRC32C instruction and masks over 64 bytes at a time.
#ifndef COCTETS_H
#define COCTETS_H

#include <stddef.h>
#include <stdint.h>

/// Continues a CRC32C (Castagnoli) over more bytes; start with 0. Uses the processor's instruction where it has one.
uint32_t coctets_crc32c(uint32_t crc, const void *bytes, size_t count);

/// The position of the first `needle` in `bytes`, or `count` when there is none.
size_t coctets_find(const void *bytes, uint8_t needle, size_t count);

#endif

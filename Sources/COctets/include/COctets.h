// SPDX-License-Identifier: Apache-2.0
/// What Swift cannot say about bytes: the processor's CRC32C instruction and masks over 64 bytes at a time.
#ifndef COCTETS_H
#define COCTETS_H

#include <stddef.h>
#include <stdint.h>

/// Continues a CRC32C (Castagnoli) over more bytes; start with 0. Uses the processor's instruction where it has one.
uint32_t coctets_crc32c(uint32_t crc, const void *bytes, size_t count);

/// Memory for bytes, of `malloc`; Swift's own allocation goes the slower way of aligned memory. NULL when there is none.
void *coctets_allocate(size_t count);

/// Gives it back; NULL is nothing.
void coctets_free(void *bytes);

/// The position of the first `needle` in `bytes`, or `count` when there is none.
size_t coctets_find(const void *bytes, uint8_t needle, size_t count);

/// The kinds of bytes that matter to lines and words.
enum coctets_kind {
    /// Below 0x20, and 0x7f.
    COCTETS_CONTROL = 1,
    COCTETS_SPACE = 2,
    /// The double quote and the backslash.
    COCTETS_QUOTING = 4,
    /// Above 0x7f.
    COCTETS_BEYOND_ASCII = 8,
};

/// The kinds that occur in `bytes`.
uint32_t coctets_kinds(const uint8_t *bytes, size_t count);

/// Where a body stands between two bytes.
enum coctets_text_state {
    COCTETS_TEXT_LINE_START = 0,
    COCTETS_TEXT_IN_LINE = 1,
    COCTETS_TEXT_AFTER_CR = 2,
    /// A dot at the start of a line was taken away.
    COCTETS_TEXT_AFTER_DOT = 3,
    COCTETS_TEXT_AFTER_DOT_CR = 4,
    /// The line with nothing but a dot was seen.
    COCTETS_TEXT_ENDED = 5,
    COCTETS_TEXT_BARE_LF = 6,
    COCTETS_TEXT_BARE_CR = 7,
    COCTETS_TEXT_NUL = 8,
};

/// What is remembered of a body of text from one piece to the next; all zero at its start.
struct coctets_text {
    /// One of `coctets_text_state`.
    uint8_t state;
    /// Whether a byte above 0x7f was seen.
    uint8_t beyond_ascii;
    /// Bytes of the line begun, and of the longest line if that is above 64; CR and LF count, the dot that was taken away does not.
    uint64_t line;
    uint64_t longest_line;
};

/// Copies text that ends with a line of one dot (RFC 5321 §4.5.2), taking away the first dot of other lines, until the end, a
/// violation, or `count` bytes. `out` has room for `count` bytes. Answers the bytes consumed; `*produced` is how many were written.
size_t coctets_text_unstuff(struct coctets_text *text, const uint8_t *in, size_t count, uint8_t *out, size_t *produced);

/// Like `coctets_text_unstuff`, but dots mean nothing and `out` may be NULL: `count` bytes are checked, and copied as they are.
size_t coctets_text_check(struct coctets_text *text, const uint8_t *in, size_t count, uint8_t *out);

/// `coctets_text_unstuff` without the processor's vectors: what other processors run, and what the tests compare with.
size_t coctets_text_unstuff_plain(struct coctets_text *text, const uint8_t *in, size_t count, uint8_t *out, size_t *produced);

#endif

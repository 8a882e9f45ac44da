// SPDX-License-Identifier: Apache-2.0
/// Bodies of text, 64 bytes at a time: line ends checked, dots unstuffed, bytes copied.
///
/// Each block becomes bit masks (bit n: byte n is an LF, a CR, a dot, a NUL). A line feed must stand exactly behind a carriage return,
/// so `lf ^ (cr << 1)` is zero in an honest block; with no dot behind a line feed and no NUL either, the block is copied as it is.
/// Anything else is a byte for `step`, the plain automaton that is the definition of what all this does.
#include "COctets.h"

#include <string.h>

#define INLINE static inline __attribute__((always_inline))

struct masks {
    uint64_t lf, cr, dot, nul, high;
};

#if defined(__SSE2__)

#include <emmintrin.h>

INLINE uint64_t equal_bytes(const __m128i v[4], char wanted)
{
    const __m128i w = _mm_set1_epi8(wanted);
    return (uint64_t)(uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(v[0], w))
        | (uint64_t)(uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(v[1], w)) << 16
        | (uint64_t)(uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(v[2], w)) << 32
        | (uint64_t)(uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(v[3], w)) << 48;
}

INLINE struct masks classify(const uint8_t *p)
{
    __m128i v[4];
    for (int i = 0; i < 4; i++)
        v[i] = _mm_loadu_si128((const __m128i *)(const void *)(p + 16 * i));
    const __m128i any = _mm_or_si128(_mm_or_si128(v[0], v[1]), _mm_or_si128(v[2], v[3]));
    const __m128i least = _mm_min_epu8(_mm_min_epu8(v[0], v[1]), _mm_min_epu8(v[2], v[3]));
    struct masks m = {
        .lf = equal_bytes(v, '\n'),
        .cr = equal_bytes(v, '\r'),
        .dot = equal_bytes(v, '.'),
        .high = (uint64_t)(uint32_t)_mm_movemask_epi8(any),
    };
    m.nul = _mm_movemask_epi8(_mm_cmpeq_epi8(least, _mm_setzero_si128())) ? equal_bytes(v, 0) : 0;
    return m;
}

#elif defined(__ARM_NEON) && defined(__aarch64__)

#include <arm_neon.h>

INLINE uint64_t equal_bytes(const uint8x16_t v[4], uint8_t wanted)
{
    static const uint8_t bit_of_lane[16] = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
    const uint8x16_t w = vdupq_n_u8(wanted), bits = vld1q_u8(bit_of_lane);
    const uint8x16_t a = vandq_u8(vceqq_u8(v[0], w), bits), b = vandq_u8(vceqq_u8(v[1], w), bits);
    const uint8x16_t c = vandq_u8(vceqq_u8(v[2], w), bits), d = vandq_u8(vceqq_u8(v[3], w), bits);
    const uint8x16_t pairs = vpaddq_u8(vpaddq_u8(a, b), vpaddq_u8(c, d));
    return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(pairs, pairs)), 0);
}

INLINE struct masks classify(const uint8_t *p)
{
    uint8x16_t v[4];
    for (int i = 0; i < 4; i++)
        v[i] = vld1q_u8(p + 16 * i);
    const uint8x16_t any = vorrq_u8(vorrq_u8(v[0], v[1]), vorrq_u8(v[2], v[3]));
    const uint8x16_t least = vminq_u8(vminq_u8(v[0], v[1]), vminq_u8(v[2], v[3]));
    struct masks m = {
        .lf = equal_bytes(v, '\n'),
        .cr = equal_bytes(v, '\r'),
        .dot = equal_bytes(v, '.'),
        .high = vmaxvq_u8(any) & 0x80,
    };
    m.nul = vminvq_u8(least) == 0 ? equal_bytes(v, 0) : 0;
    return m;
}

#else

#define WITHOUT_VECTORS 1

#endif

INLINE struct masks classify_plain(const uint8_t *p)
{
    struct masks m = {0, 0, 0, 0, 0};
    for (unsigned i = 0; i < 64; i++) {
        m.lf |= (uint64_t)(p[i] == '\n') << i;
        m.cr |= (uint64_t)(p[i] == '\r') << i;
        m.dot |= (uint64_t)(p[i] == '.') << i;
        m.nul |= (uint64_t)(p[i] == 0) << i;
        m.high |= p[i] & 0x80;
    }
    return m;
}

/// Lines no longer than a block are not worth noticing: those that lie inside one need not be measured then.
INLINE void notice_line(struct coctets_text *text, uint64_t length)
{
    if (length > 64 && length > text->longest_line)
        text->longest_line = length;
}

/// Takes one byte; answers whether it belongs to the body.
INLINE int step(struct coctets_text *text, uint8_t byte, int dots)
{
    text->beyond_ascii |= byte >> 7;
    switch (text->state) {
    case COCTETS_TEXT_AFTER_CR:
        if (byte != '\n') {
            text->state = COCTETS_TEXT_BARE_CR;
            return 0;
        }
        notice_line(text, text->line + 1);
        text->line = 0;
        text->state = COCTETS_TEXT_LINE_START;
        return 1;
    case COCTETS_TEXT_AFTER_DOT_CR:
        text->state = byte == '\n' ? COCTETS_TEXT_ENDED : COCTETS_TEXT_BARE_CR;
        return 0;
    case COCTETS_TEXT_LINE_START:
        if (dots && byte == '.') {
            text->state = COCTETS_TEXT_AFTER_DOT;
            return 0;
        }
        break;
    case COCTETS_TEXT_AFTER_DOT:
        if (byte == '\r') {
            text->state = COCTETS_TEXT_AFTER_DOT_CR;
            return 0;
        }
        break;
    default:
        break;
    }
    if (byte == '\n' || byte == 0) {
        text->state = byte == 0 ? COCTETS_TEXT_NUL : COCTETS_TEXT_BARE_LF;
        return 0;
    }
    notice_line(text, ++text->line);
    text->state = byte == '\r' ? COCTETS_TEXT_AFTER_CR : COCTETS_TEXT_IN_LINE;
    return 1;
}

/// Accounts for the first `length` bytes of a block in which nothing happens but lines.
INLINE void pass(struct coctets_text *text, const struct masks *m, unsigned length)
{
    if (length == 0)
        return;
    const uint64_t last_byte = (uint64_t)1 << (length - 1);
    const uint64_t lf = m->lf & (last_byte | (last_byte - 1));
    if (lf != 0) {
        notice_line(text, text->line + (unsigned)__builtin_ctzll(lf) + 1);
        text->line = length - 64 + (unsigned)__builtin_clzll(lf);
    } else {
        text->line += length;
        notice_line(text, text->line);
    }
    text->state = (lf & last_byte) ? COCTETS_TEXT_LINE_START
        : (m->cr & last_byte)      ? COCTETS_TEXT_AFTER_CR
                                   : COCTETS_TEXT_IN_LINE;
}

/// The whole work; every caller gets its own copy with `dots`, `copies` and the way to classify folded in.
INLINE size_t run(struct coctets_text *text, const uint8_t *in, size_t count, uint8_t *out, size_t *produced, int dots,
    int copies, struct masks (*look)(const uint8_t *))
{
    size_t from = 0, to = 0;
    while (from < count && text->state < COCTETS_TEXT_ENDED) {
        if (text->state <= COCTETS_TEXT_AFTER_CR) {
            const unsigned length = count - from < 64 ? (unsigned)(count - from) : 64;
            uint8_t padded[64];
            const uint8_t *block = in + from;
            if (length < 64) {
                // Spaces behind the last bytes mean nothing; without them the end would have to be taken byte by byte.
                memset(padded, ' ', sizeof padded);
                memcpy(padded, block, length);
                block = padded;
            }
            const struct masks m = look(block);
            const uint64_t behind_cr = m.cr << 1 | (text->state == COCTETS_TEXT_AFTER_CR);
            uint64_t events = (m.lf ^ behind_cr) | m.nul;
            if (dots)
                events |= m.dot & (m.lf << 1 | (text->state == COCTETS_TEXT_LINE_START));
            unsigned passed = events == 0 ? 64 : (unsigned)__builtin_ctzll(events);
            if (passed > length)
                passed = length;
            // What is behind an event is copied too, and written over later: `to` never overtakes `from`, so there is room.
            if (copies && length == 64)
                memcpy(out + to, block, 64);
            else if (copies)
                memcpy(out + to, block, passed);
            for (unsigned i = 0; m.high != 0 && i < passed && !text->beyond_ascii; i++)
                text->beyond_ascii = block[i] >> 7;
            pass(text, &m, passed);
            from += passed;
            to += passed;
            if (passed == length)
                continue;
        }
        const uint8_t byte = in[from++];
        if (step(text, byte, dots)) {
            if (copies)
                out[to] = byte;
            to++;
        }
    }
    *produced = to;
    return from;
}

#ifdef WITHOUT_VECTORS
#define classify classify_plain
#endif

size_t coctets_text_unstuff(struct coctets_text *text, const uint8_t *in, size_t count, uint8_t *out, size_t *produced)
{
    return run(text, in, count, out, produced, 1, 1, classify);
}

size_t coctets_text_unstuff_plain(struct coctets_text *text, const uint8_t *in, size_t count, uint8_t *out, size_t *produced)
{
    return run(text, in, count, out, produced, 1, 1, classify_plain);
}

size_t coctets_text_check(struct coctets_text *text, const uint8_t *in, size_t count, uint8_t *out)
{
    size_t produced;
    return out ? run(text, in, count, out, &produced, 0, 1, classify) : run(text, in, count, NULL, &produced, 0, 0, classify);
}

// SPDX-License-Identifier: Apache-2.0
/// CRC32C by the processor's instruction (SSE 4.2, ARMv8 CRC), by a table elsewhere. All three give the same figure.
#include "COctets.h"

#include <pthread.h>
#include <string.h>

static uint32_t table[8][256];
static pthread_once_t table_made = PTHREAD_ONCE_INIT;

static void make_table(void)
{
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t crc = i;
        for (int bit = 0; bit < 8; bit++)
            crc = (crc >> 1) ^ (0x82f63b78u & -(crc & 1));
        table[0][i] = crc;
    }
    for (uint32_t i = 0; i < 256; i++)
        for (int slice = 1; slice < 8; slice++)
            table[slice][i] = (table[slice - 1][i] >> 8) ^ table[0][table[slice - 1][i] & 0xff];
}

static uint32_t crc_by_table(uint32_t crc, const uint8_t *p, size_t n)
{
    pthread_once(&table_made, make_table);
    while (n >= 8) {
        uint32_t low, high;
        memcpy(&low, p, 4);
        memcpy(&high, p + 4, 4);
        low ^= crc;
        crc = table[7][low & 0xff] ^ table[6][(low >> 8) & 0xff] ^ table[5][(low >> 16) & 0xff]
            ^ table[4][low >> 24] ^ table[3][high & 0xff] ^ table[2][(high >> 8) & 0xff]
            ^ table[1][(high >> 16) & 0xff] ^ table[0][high >> 24];
        p += 8;
        n -= 8;
    }
    while (n--)
        crc = (crc >> 8) ^ table[0][(crc ^ *p++) & 0xff];
    return crc;
}

#if defined(__x86_64__)

/// The instruction answers after three cycles and can be asked again after one, so three stretches are worked on side by side. A long
/// stretch behind another one means as many zeros behind the first: what they make of a checksum is in a table.
enum { STRETCH = 4096 };
static uint32_t zeros_behind[4][256];
static pthread_once_t zeros_made = PTHREAD_ONCE_INIT;

static void make_zeros(void)
{
    static const uint8_t zeros[STRETCH];
    uint32_t bit[32];
    for (int i = 0; i < 32; i++)
        bit[i] = crc_by_table((uint32_t)1 << i, zeros, STRETCH);
    for (int slice = 0; slice < 4; slice++)
        for (uint32_t i = 0; i < 256; i++)
            for (int place = 0; place < 8; place++)
                zeros_behind[slice][i] ^= i >> place & 1 ? bit[slice * 8 + place] : 0;
}

static uint32_t followed_by_zeros(uint32_t crc)
{
    return zeros_behind[0][crc & 0xff] ^ zeros_behind[1][crc >> 8 & 0xff] ^ zeros_behind[2][crc >> 16 & 0xff]
        ^ zeros_behind[3][crc >> 24];
}

__attribute__((target("sse4.2"))) static uint32_t crc_of_three(uint32_t crc, const uint8_t *p)
{
    uint64_t first = crc, second = 0, third = 0;
    for (size_t i = 0; i < STRETCH; i += 8) {
        uint64_t words[3];
        memcpy(&words[0], p + i, 8);
        memcpy(&words[1], p + STRETCH + i, 8);
        memcpy(&words[2], p + 2 * STRETCH + i, 8);
        first = __builtin_ia32_crc32di(first, words[0]);
        second = __builtin_ia32_crc32di(second, words[1]);
        third = __builtin_ia32_crc32di(third, words[2]);
    }
    return followed_by_zeros(followed_by_zeros((uint32_t)first) ^ (uint32_t)second) ^ (uint32_t)third;
}

__attribute__((target("sse4.2"))) static uint32_t crc_by_instruction(uint32_t crc, const uint8_t *p, size_t n)
{
    if (n >= 3 * STRETCH)
        pthread_once(&zeros_made, make_zeros);
    for (; n >= 3 * STRETCH; p += 3 * STRETCH, n -= 3 * STRETCH)
        crc = crc_of_three(crc, p);
    uint64_t wide = crc;
    while (n >= 8) {
        uint64_t word;
        memcpy(&word, p, 8);
        wide = __builtin_ia32_crc32di(wide, word);
        p += 8;
        n -= 8;
    }
    crc = (uint32_t)wide;
    while (n--)
        crc = __builtin_ia32_crc32qi(crc, *p++);
    return crc;
}

static int has_instruction(void) { return __builtin_cpu_supports("sse4.2"); }

#elif defined(__aarch64__)

#include <arm_acle.h>
#include <sys/auxv.h>

__attribute__((target("+crc"))) static uint32_t crc_by_instruction(uint32_t crc, const uint8_t *p, size_t n)
{
    while (n >= 8) {
        uint64_t word;
        memcpy(&word, p, 8);
        crc = __crc32cd(crc, word);
        p += 8;
        n -= 8;
    }
    while (n--)
        crc = __crc32cb(crc, *p++);
    return crc;
}

static int has_instruction(void) { return (getauxval(AT_HWCAP) & (1 << 7)) != 0; }

#else

static uint32_t crc_by_instruction(uint32_t crc, const uint8_t *p, size_t n) { return crc_by_table(crc, p, n); }
static int has_instruction(void) { return 0; }

#endif

uint32_t coctets_crc32c(uint32_t crc, const void *bytes, size_t count)
{
    crc = ~crc;
    crc = has_instruction() ? crc_by_instruction(crc, bytes, count) : crc_by_table(crc, bytes, count);
    return ~crc;
}

size_t coctets_find(const void *bytes, uint8_t needle, size_t count)
{
    const void *found = count ? memchr(bytes, needle, count) : NULL;
    return found ? (size_t)((const uint8_t *)found - (const uint8_t *)bytes) : count;
}

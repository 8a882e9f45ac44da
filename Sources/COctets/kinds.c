// SPDX-License-Identifier: Apache-2.0
#include "COctets.h"

static const uint8_t kind_of[256] = {
    [0 ... 0x1f] = COCTETS_CONTROL,
    [' '] = COCTETS_SPACE,
    ['"'] = COCTETS_QUOTING,
    ['\\'] = COCTETS_QUOTING,
    [0x7f] = COCTETS_CONTROL,
    [0x80 ... 0xff] = COCTETS_BEYOND_ASCII,
};

uint32_t coctets_kinds(const uint8_t *bytes, size_t count)
{
    uint32_t kinds = 0;
    for (size_t i = 0; i < count; i++)
        kinds |= kind_of[bytes[i]];
    return kinds;
}

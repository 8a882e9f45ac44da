// SPDX-License-Identifier: Apache-2.0
#include "COctets.h"

#include <stdlib.h>

void *coctets_allocate(size_t count) { return malloc(count); }

void coctets_free(void *bytes) { free(bytes); }

// SPDX-License-Identifier: Apache-2.0
#include "clinux_disk.h"

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What tests can set in the proxy driver; other code uses fsdriver.h.
 */
#ifndef FSDEV_PROXY_H
#define FSDEV_PROXY_H

#include "fsdev/core/p9-osdep.h"

/**
 * proxy_ask_always: exports that are opened from now on send each operation
 * that the helper can do to it, as if QEMU lacked the permission.
 */
void proxy_ask_always(bool always);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What tests can set in the proxy driver, which all others use through
 * fsdriver.h.
 */
#ifndef FSDEV_PROXY_H
#define FSDEV_PROXY_H

#include "fsdev/core/p9-osdep.h"

/**
 * proxy_ask_always: exports opened from now on do nothing by themselves that
 * the helper can be asked for, as if they had no right to.
 */
void proxy_ask_always(bool always);

#endif

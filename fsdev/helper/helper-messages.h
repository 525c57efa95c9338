/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A process that writes the messages of virtfs-proxy-helper to the standard
 * error output, so that the helper itself need not have that file open.
 */
#ifndef FSDEV_HELPER_MESSAGES_H
#define FSDEV_HELPER_MESSAGES_H

#include "fsdev/core/p9-osdep.h"

/**
 * helper_messages_begin: from now on, the descriptors 0, 1 and 2 are the end of
 * a pipe for writing, from which another process copies to what was standard
 * error before.
 *
 * That process has no capabilities and may only read, write and exit; it ends
 * when the pipe is closed.  Context: while there is one thread.  Returns 0 or
 * -errno.
 */
int helper_messages_begin(void);
/** helper_messages_end: close the pipe and wait until all has been written. */
void helper_messages_end(void);

#endif

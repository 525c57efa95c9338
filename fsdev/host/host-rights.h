/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What this process may do on the host.
 *
 * Context: any thread; the answer is that of the calling thread.
 */
#ifndef FSDEV_HOST_RIGHTS_H
#define FSDEV_HOST_RIGHTS_H

#include "fsdev/core/p9-osdep.h"

/**
 * host_may_chown: has the thread CAP_CHOWN, which lets it give files to other
 * users?  In a user namespace, to those that are mapped there.
 */
bool host_may_chown(void);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finding the objects of a session that is loaded again, in a thread, because
 * the host's storage may not answer.
 */
#ifndef HW_9PFS_VIRTIO_9P_FIND_H
#define HW_9PFS_VIRTIO_9P_FIND_H

#include "9p-state.h"

/**
 * p9_find_objects: p9_state_find() for *@state, in bounded time.
 *
 * Returns 0, or -errno with *@why set to a message, to be freed; then *@state
 * has been freed, or will be when the storage answers, and is NULL.
 * Context: any thread that may wait for that time.
 */
int p9_find_objects(FsExport *export, bool stop, P9State **state, char **why);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Trace events of the file systems behind exports.
 *
 * The events are described in fsdev/trace-events.  In a program without QEMU
 * they are empty functions, so that callers need no conditions.
 */
#ifndef FSDEV_FS_TRACE_H
#define FSDEV_FS_TRACE_H

#include "fsdev/core/p9-osdep.h"

#ifdef P9_STANDALONE

static inline void trace_fs_node_evict(const char *export, uint64_t dev,
                                       uint64_t ino, int fd)
{
}

static inline void trace_fs_proxy_request(void *connection, uint32_t tag,
                                          const char *type)
{
}

static inline void trace_fs_proxy_reply(void *connection, uint32_t tag,
                                        const char *type, int result)
{
}

#else

#include "fsdev/trace.h"

#endif

#endif

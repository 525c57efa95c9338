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
#include "fsdev/core/fsdriver.h"

#ifdef P9_STANDALONE

static inline bool fs_trace_calls(void)
{
    return false;
}

static inline void trace_fs_call(const char *export, const char *call,
                                 const char *object, const char *name,
                                 int64_t result)
{
}

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

/** fs_trace_calls: is the event for calls of drivers enabled? */
static inline bool fs_trace_calls(void)
{
    return trace_event_get_state_backends(TRACE_FS_CALL);
}

#endif

/** fs_trace_path: the names that lead from the export's root to @node now. */
char *fs_trace_path(FsNode *node);
/**
 * fs_trace_call: emit the event for a call of @node's driver.
 *
 * @call is the name of the driver's entry, @name the component in @node that
 * it concerns or "", and @result what it returned.  Context: any thread; it
 * never blocks.  Only to be called if fs_trace_calls().
 */
void fs_trace_call(FsNode *node, const char *call, const char *name,
                   ssize_t result);

#endif

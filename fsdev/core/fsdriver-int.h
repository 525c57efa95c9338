/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Checks before and after a call of a driver, for fsdriver.c and
 * fsdriver-file.c.
 */
#ifndef FSDEV_FSDRIVER_INT_H
#define FSDEV_FSDRIVER_INT_H

#include "fsdev/core/fs-ids.h"
#include "fsdev/core/fs-quota.h"
#include "fsdev/core/fs-trace.h"
#include "fsdev/core/fs-warn.h"
#include "fsdev/core/fsdriver.h"

static inline const FsDriver *driver_of(const FsNode *node)
{
    return node->export->driver;
}

/* fs_node_reach(), which is not needed if @call may wait for anything. */
static inline FsWait reach_of(const FsCall *call, FsNode *node)
{
    return call->wait == FS_WAIT_ANYTHING ? FS_WAIT_ANYTHING
                                          : fs_node_reach(node);
}

/*
 * Whether the driver may be called for @node: 0 or -errno.  @entry: it has a
 * function for the call.
 */
static inline int check_call(const FsCall *call, bool entry, FsNode *node)
{
    if (!entry) {
        return -EOPNOTSUPP;
    }
    return call->wait < reach_of(call, node) ? -EAGAIN : 0;
}

/*
 * The FsCall for an entry of the group TRIES (see fsdriver.h): *@at_once, which
 * does not allow waiting, if the driver might have to wait longer than @call
 * allows.
 */
static inline const FsCall *call_to_try(const FsCall *call, FsWait reach,
                                        FsCall *at_once)
{
    if (call->wait == FS_WAIT_NEVER || call->wait >= reach) {
        return call;
    }
    *at_once = (FsCall) { .wait = FS_WAIT_NEVER, .cred = call->cred };
    return at_once;
}

/* Errors that say something about the host: see fs_warn_of(). */
static inline bool is_of_host(ssize_t ret)
{
    return ret == -ENOSPC || ret == -EDQUOT || ret == -EMFILE ||
           ret == -ENFILE || ret == -EOPNOTSUPP;
}

/*
 * A driver's function @entry was called for @node, or for the name @name in it,
 * and returned a status, or a count that is at most @most.
 */

static inline int status(FsNode *node, const char *entry, const char *name,
                         int ret)
{
    assert(ret <= 0);
    if (is_of_host(ret)) {
        fs_warn_of(node->export, entry, ret);
    }
    if (fs_trace_calls()) {
        fs_trace_call(node, entry, name, ret);
    }
    return ret;
}

static inline ssize_t count(FsNode *node, const char *entry, const char *name,
                            ssize_t ret, size_t most)
{
    assert(ret < 0 || (size_t)ret <= most);
    if (is_of_host(ret)) {
        fs_warn_of(node->export, entry, ret);
    }
    if (fs_trace_calls()) {
        fs_trace_call(node, entry, name, ret);
    }
    return ret;
}

/** fs_export_close: free @export, which nothing uses.  May block. */
void fs_export_close(FsExport *export);

/**
 * fs_remade: the directory that others have made anew in the place of @dir,
 * counted, if @dir is dead.  -ENOENT if there is none.
 */
int fs_remade(const FsCall *call, FsNode *dir, FsNode **other);

/*
 * The result of @attempt, an expression that uses @dir.  If it is -ENOENT
 * because @dir was removed and made anew on the host, where a Linux client does
 * not look @dir up again as long as a process has it as its working directory,
 * the expression is evaluated once more with the new directory.
 */
#define IN_REMADE(call, dir, attempt) \
    (__extension__ ({ \
        int done_ = (attempt); \
        FsNode *other_; \
        int found_ = done_ == -ENOENT ? fs_remade(call, dir, &other_) \
                                      : -ENOENT; \
        if (found_ == -EAGAIN) { \
            done_ = found_; \
        } else if (found_ == 0) { \
            dir = other_; \
            done_ = (attempt); \
            fs_node_unref(other_); \
        } \
        done_; \
    }))

/* The end of each call that returns attributes. */
static inline int tell_attr(const FsNode *node, int ret, const FsAttr *seen,
                            FsAttr *attr)
{
    if (ret == 0) {
        *attr = *seen;
        fs_attr_to_guest(&node->export->config, attr);
    }
    return ret;
}

#endif

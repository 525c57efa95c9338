/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What fsdriver.c and fsdriver-file.c share: the checks on what a driver
 * returns.
 */
#ifndef FSDEV_FSDRIVER_INT_H
#define FSDEV_FSDRIVER_INT_H

#include "fsdev/core/fs-ids.h"
#include "fsdev/core/fsdriver.h"

static inline const FsDriver *driver_of(const FsNode *node)
{
    return node->export->driver;
}

/* What a driver may return: a status, or a count that is at most @most. */

static inline int status(int ret)
{
    assert(ret <= 0);
    return ret;
}

static inline ssize_t count(ssize_t ret, size_t most)
{
    assert(ret < 0 || (size_t)ret <= most);
    return ret;
}

/* The end of every call that returns attributes. */
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

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Checks of the results of a driver, for fsdriver.c and fsdriver-file.c.
 */
#ifndef FSDEV_FSDRIVER_INT_H
#define FSDEV_FSDRIVER_INT_H

#include "fsdev/core/fs-ids.h"
#include "fsdev/core/fsdriver.h"

static inline const FsDriver *driver_of(const FsNode *node)
{
    return node->export->driver;
}

/* A driver returns a status, or a count that is at most @most. */

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

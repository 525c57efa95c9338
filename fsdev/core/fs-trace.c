/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The trace event for calls of drivers, with the object as a path.
 *
 * The path is put together from the names that lead to the object at the time
 * of the event.  It costs one allocation for each component and is therefore
 * made only while the event is enabled.  Context: any thread.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/core/fs-trace.h"

/* A longer path is cut at its beginning. */
#define COMPONENTS_MAX 64

char *fs_trace_path(FsNode *node)
{
    g_autoptr(GString) path = g_string_new(NULL);
    FsNode *at = fs_node_ref(node);

    for (unsigned i = 0; i < COMPONENTS_MAX; i++) {
        char name[NAME_MAX + 1];
        FsNode *dir;
        int ret = fs_locate(at, &dir, name);

        if (ret < 0) {
            /* -EBUSY: this is the root. */
            g_string_prepend(path, ret == -EBUSY ? "" : "(unlinked)");
            break;
        }
        g_string_prepend(path, name);
        g_string_prepend_c(path, '/');
        fs_node_unref(at);
        at = dir;
    }
    fs_node_unref(at);
    return g_strdup(path->len ? path->str : "/");
}

void fs_trace_call(FsNode *node, const char *call, const char *name,
                   ssize_t result)
{
    g_autofree char *path = fs_trace_path(node);

    trace_fs_call(node->export->config.id ?: "", call, path, name, result);
}

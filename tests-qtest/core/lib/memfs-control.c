/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The in-memory driver: how tests make its calls fail, wait or transfer less.
 */
#include "fsdev/core/p9-osdep.h"
#include "memfs-int.h"

static int mem_injected(const FsCall *call, MemExport *m, MemOp op)
{
    if (call->wait == FS_WAIT_NEVER && (m->sleepy || m->hold[op])) {
        return -EAGAIN;
    }
    if (m->fail[op].times) {
        m->fail[op].times--;
        return -m->fail[op].error;
    }
    while (m->hold[op]) {
        m->held++;
        g_cond_broadcast(&m->held_changed);
        g_cond_wait(&m->held_changed, &m->lock);
        m->held--;
    }
    return 0;
}

int mem_enter(const FsCall *call, MemExport *m, MemOp op, const char *name)
{
    MemCall seen = { .op = op, .wait = call->wait, .name = name };
    int ret;

    /* The session must pass one legal path component. */
    if (name && op <= MEM_RENAME) {
        g_assert_cmpuint(strlen(name), >, 0);
        g_assert_cmpuint(strlen(name), <=, NAME_MAX);
        g_assert_null(strchr(name, '/'));
        g_assert_cmpstr(name, !=, ".");
        g_assert_cmpstr(name, !=, "..");
    }
    ret = m->hook ? m->hook(m->hook_opaque, &seen) : 0;

    if (ret < 0 && op != MEM_RELEASE) {
        return ret;
    }
    g_mutex_lock(&m->lock);
    m->stats.calls[op]++;
    if (op != MEM_RELEASE) {
        int injected = mem_injected(call, m, op);

        if (injected < 0) {
            g_mutex_unlock(&m->lock);
            return injected;
        }
    }
    return ret;
}

void memfs_set_hook(FsExport *export, MemHook *hook, void *opaque)
{
    MemExport *m = mem_of(export);

    m->hook = hook;
    m->hook_opaque = opaque;
    fs_change_note();
}

void memfs_fail(FsExport *export, MemOp op, int error, unsigned times)
{
    MemExport *m = mem_of(export);

    g_mutex_lock(&m->lock);
    m->fail[op].error = error;
    m->fail[op].times = times;
    g_mutex_unlock(&m->lock);
    fs_change_note();
}

void memfs_sleepy(FsExport *export, bool sleepy)
{
    MemExport *m = mem_of(export);

    g_mutex_lock(&m->lock);
    m->sleepy = sleepy;
    g_mutex_unlock(&m->lock);
    fs_change_note();
}

void memfs_remote(FsExport *export, bool remote)
{
    MemExport *m = mem_of(export);

    g_mutex_lock(&m->lock);
    m->remote = remote;
    g_mutex_unlock(&m->lock);
    fs_change_note();
}

void memfs_hold(FsExport *export, MemOp op)
{
    MemExport *m = mem_of(export);

    g_mutex_lock(&m->lock);
    m->hold[op] = true;
    g_mutex_unlock(&m->lock);
    fs_change_note();
}

void memfs_await_held(FsExport *export, unsigned n)
{
    MemExport *m = mem_of(export);

    g_mutex_lock(&m->lock);
    while (m->held < n) {
        g_cond_wait(&m->held_changed, &m->lock);
    }
    g_mutex_unlock(&m->lock);
}

void memfs_let_go(FsExport *export)
{
    MemExport *m = mem_of(export);

    g_mutex_lock(&m->lock);
    memset(m->hold, 0, sizeof(m->hold));
    g_cond_broadcast(&m->held_changed);
    g_mutex_unlock(&m->lock);
}

void memfs_stats(FsExport *export, MemStats *stats)
{
    MemExport *m = mem_of(export);

    g_mutex_lock(&m->lock);
    *stats = m->stats;
    g_mutex_unlock(&m->lock);
}

void memfs_set_statfs(FsExport *export, void (*edit)(FsNode *node,
                                                     struct statfs *st))
{
    mem_of(export)->edit_statfs = edit;
}

void memfs_set_dev(FsNode *node, uint64_t dev)
{
    MemNode *n = mem_node(node);
    MemExport *m = mem_of_node(n);

    g_mutex_lock(&m->lock);
    n->inode->attr.dev = dev;
    g_mutex_unlock(&m->lock);
    fs_change_note();
}

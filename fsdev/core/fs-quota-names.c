/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Quotas: calls that make, remove and rename objects.  See fs-quota.h.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/core/fs-quota-int.h"
#include "fsdev/core/fsdriver-int.h"

/* On success *@node is counted, else NULL. */
static int find(const FsCall *call, FsNode *dir, const char *name,
                FsNode **node, FsAttr *attr)
{
    FsCall at_once;
    int ret;

    call = call_to_try(call, reach_of(call, dir), &at_once);
    ret = driver_of(dir)->lookup(call, dir, name, node, attr);
    if (ret < 0) {
        *node = NULL;
    }
    return ret;
}

static void warn_of_files(FsQuota *quota, uint64_t max)
{
    if (fs_warn_due(quota->export, FS_WARN_QUOTA)) {
        fs_warn(quota->export, FS_WARN_QUOTA, "the guest has met the limit of "
                "%" PRIu64 " files, and gets ENOSPC; the option max_files of "
                "-fsdev raises it", max);
    }
}

int fs_quota_admit_new(const FsCall *call, FsNode *dir, const char *name)
{
    FsQuota *quota = fs_quota_of(dir->export);
    FsNode *old;
    uint64_t max;
    FsAttr attr;
    bool full;
    int ret;

    g_mutex_lock(&quota->lock);
    max = quota->max_files;
    full = !fs_quota_left(max, quota->files);
    quota->files += !full;
    g_mutex_unlock(&quota->lock);
    if (!full) {
        return 0;
    }
    ret = find(call, dir, name, &old, &attr);
    if (ret == 0) {
        fs_node_unref(old);
        return -EEXIST;
    }
    if (ret != -ENOENT) {
        return ret;
    }
    warn_of_files(quota, max);
    return -ENOSPC;
}

void fs_quota_made(FsExport *export, int ret, const FsAttr *attr)
{
    FsQuota *quota = fs_quota_of(export);

    g_mutex_lock(&quota->lock);
    if (ret < 0 || (quota->counting &&
                    !fs_quota_seen_add(&quota->seen, attr->dev, attr->ino))) {
        fs_quota_take(&quota->files, 1);
    }
    g_mutex_unlock(&quota->lock);
}

static bool same_name(const FsNode *dir, const char *name, const FsNode *other,
                      const char *other_name)
{
    return name && other_name && dir == other && !strcmp(name, other_name);
}

static gint conflicts(gconstpointer a, gconstpointer b)
{
    const FsQuotaVictim *x = a, *y = b;

    return !(same_name(x->dir, x->name, y->dir, y->name) ||
             same_name(x->dir, x->name, y->from_dir, y->from) ||
             same_name(x->from_dir, x->from, y->dir, y->name) ||
             same_name(x->from_dir, x->from, y->from_dir, y->from));
}

/* The calls that conflict may wait for the host, or for another process. */
static int claim_names(FsQuotaVictim *victim, const FsCall *call)
{
    FsQuota *quota = victim->quota;
    int ret = 0;

    g_mutex_lock(&quota->lock);
    while (g_queue_find_custom(&quota->victims, victim, conflicts)) {
        if (!fs_call_may_block(call)) {
            ret = -EAGAIN;
            break;
        }
        g_cond_wait(&quota->fewer, &quota->lock);
    }
    if (ret == 0) {
        g_queue_push_tail(&quota->victims, victim);
    }
    g_mutex_unlock(&quota->lock);
    return ret;
}

static void release_names(FsQuotaVictim *victim)
{
    FsQuota *quota = victim->quota;

    g_mutex_lock(&quota->lock);
    g_queue_remove(&quota->victims, victim);
    g_cond_broadcast(&quota->fewer);
    g_mutex_unlock(&quota->lock);
}

/* What is renamed could be missed by the thread that counts. */
static int count_moving(FsQuotaVictim *victim, const FsCall *call)
{
    FsQuota *quota = victim->quota;
    FsNode *node;
    FsAttr attr;
    int ret;

    g_mutex_lock(&quota->lock);
    ret = quota->counting;
    g_mutex_unlock(&quota->lock);
    if (!ret || !victim->from) {
        return 0;
    }
    ret = find(call, victim->from_dir, victim->from, &node, &attr);
    if (ret < 0) {
        return ret;
    }
    g_mutex_lock(&quota->lock);
    if (quota->counting) {
        fs_quota_see(quota, &attr);
        if (S_ISDIR(attr.mode)) {
            g_queue_push_tail(&quota->moved, g_steal_pointer(&node));
        }
    }
    g_mutex_unlock(&quota->lock);
    fs_node_unref(node);
    return 0;
}

int fs_quota_victim(FsQuotaVictim *victim, const FsCall *call)
{
    int ret;

    victim->quota = fs_quota_of(victim->dir->export);
    ret = claim_names(victim, call);
    if (ret < 0) {
        victim->quota = NULL;
        return ret;
    }
    ret = count_moving(victim, call);
    if (!fs_call_refused(call, ret)) {
        ret = find(call, victim->dir, victim->name, &victim->node,
                   &victim->attr);
    }
    if (fs_call_refused(call, ret)) {
        release_names(victim);
        victim->quota = NULL;
        return ret;
    }
    return 0;
}

void fs_quota_victim_done(FsQuotaVictim *victim, const FsCall *call, int ret)
{
    FsAttr attr = victim->attr;

    if (!victim->quota) {
        return;
    }
    if (ret == 0 && victim->node) {
        if (fs_quota_look(call, victim->node, NULL, &attr) < 0) {
            attr.nlink = victim->attr.nlink - 1;
        }
        if (S_ISDIR(victim->attr.mode) || !attr.nlink) {
            fs_quota_make_dead(victim->quota, &attr);
        }
    }
    release_names(victim);
    fs_node_unref(victim->node);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The interface between session and drivers.
 *
 * Each call of the session goes through a wrapper here.  It returns -EOPNOTSUPP
 * for an entry that the driver does not have, writes output arguments on
 * success only, and asserts that the driver obeys the contract.  The assertions
 * do not depend on data of the guest or on host files.  Ids of the guest are
 * mapped to those of the host in arguments, and back in results, so that
 * drivers need not know uidmap= and gidmap=.  A call that might have to wait
 * for longer than it may is refused.
 *
 * This file has the calls on nodes, names and extended attributes.  Those that
 * create objects are in fsdriver-make.c, those on open files are in
 * fsdriver-file.c, and those on a whole export are in fsdriver-export.c.  In an
 * export with maps each call checks the owners of its objects, see fs-owners.h.
 * Context: see the comments in fsdriver.h.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/core/fsdriver-int.h"
#include "fsdev/core/fs-owners.h"

/*
 * A call that may change something is counted before and after the call of the
 * driver, so that the count also differs for a thread that read an object while
 * it was being changed.
 */

static gint fs_changes;         /* atomic */

unsigned fs_change_count(void)
{
    return g_atomic_int_get(&fs_changes);
}

void fs_change_note(void)
{
    g_atomic_int_inc(&fs_changes);
}

/* Nodes */

FsNode *fs_node_ref(FsNode *node)
{
    driver_of(node)->node_ref(node);
    return node;
}

void fs_node_unref(FsNode *node)
{
    if (node) {
        driver_of(node)->node_unref(node);
    }
}

FsNode *fs_parent(FsNode *node)
{
    FsNode *parent = driver_of(node)->parent(node);

    assert(parent && parent->export == node->export);
    return parent;
}

int fs_locate(FsNode *node, FsNode **dir, char *name)
{
    char component[NAME_MAX + 1];
    FsNode *found = NULL;
    int ret;

    if (!driver_of(node)->locate) {
        return -EOPNOTSUPP;
    }
    ret = driver_of(node)->locate(node, &found, component);
    assert(ret <= 0);
    if (ret == 0) {
        assert(found);
        *dir = found;
        memcpy(name, component, strlen(component) + 1);
    }
    return ret;
}

FsWait fs_node_reach(FsNode *node)
{
    const FsDriver *driver = driver_of(node);

    return driver->reach ? driver->reach(node) : FS_WAIT_ANYTHING;
}

static int lookup_in(const FsCall *call, FsNode *dir, const char *name,
                     FsNode **node, FsAttr *attr)
{
    FsNode *found = NULL;
    FsCall at_once;
    FsAttr seen;
    int ret = fs_owners_check(call, FS_OWNERS_SEARCH,
                              &(FsObjects) { .dir = dir });

    if (ret < 0) {
        return ret;
    }
    call = call_to_try(call, reach_of(call, dir), &at_once);
    ret = status(dir, "lookup", name,
                 driver_of(dir)->lookup(call, dir, name, &found, &seen));
    if (ret == 0) {
        assert(found && found->export == dir->export);
        *node = found;
    }
    return tell_attr(dir, ret, &seen, attr);
}

int fs_lookup(const FsCall *call, FsNode *dir, const char *name, FsNode **node,
              FsAttr *attr)
{
    return IN_REMADE(call, dir, lookup_in(call, dir, name, node, attr));
}

static int getattr_of(const FsCall *call, FsNode *node, FsFile *file,
                      unsigned flags, FsAttr *attr)
{
    FsCall at_once;
    FsAttr seen;
    int ret;

    if (!driver_of(node)->getattr) {
        return -EOPNOTSUPP;
    }
    call = call_to_try(call, reach_of(call, node), &at_once);
    ret = status(node, "getattr", "",
                 driver_of(node)->getattr(call, node, file, flags, &seen));
    return tell_attr(node, ret, &seen, attr);
}

int fs_getattr(const FsCall *call, FsNode *node, FsFile *file, unsigned flags,
               FsAttr *attr)
{
    return IN_REMADE(call, node, getattr_of(call, node, file, flags, attr));
}

/* Does the right to write the file suffice for the change? */
static bool is_write(const FsSetattr *set)
{
    return (set->valid & FS_SET_SIZE) ||
           ((set->valid & FS_SET_ATIME) && set->atime.tv_nsec == UTIME_NOW) ||
           ((set->valid & FS_SET_MTIME) && set->mtime.tv_nsec == UTIME_NOW);
}

static int driver_setattr(const FsCall *call, FsNode *node, FsFile *file,
                          const FsSetattr *host)
{
    int ret;

    fs_change_note();
    ret = status(node, "setattr", "",
                 driver_of(node)->setattr(call, node, file, host));
    fs_change_note();
    return ret;
}

/* In an export with a quota. */
static int set_size(const FsCall *call, FsNode *node, FsFile *file,
                    const FsSetattr *host)
{
    FsQuotaHold hold;
    int ret = fs_quota_hold(&hold, call, node, file);

    if (ret < 0) {
        return ret;
    }
    ret = fs_quota_admit_size(&hold, host->size);
    if (ret == 0) {
        ret = driver_setattr(call, node, file, host);
    }
    fs_quota_release(&hold, call);
    return ret;
}

int fs_setattr(const FsCall *call, FsNode *node, FsFile *file,
               const FsSetattr *set)
{
    FsOwnersRule rule = is_write(set) ? FS_OWNERS_WRITE : FS_OWNERS_SETATTR;
    FsSetattr host;
    int ret = check_call(call, driver_of(node)->setattr, node);

    if (ret == 0) {
        ret = fs_set_to_host(&node->export->config, set, &host);
    }
    if (ret == 0) {
        ret = fs_owners_check(call, rule, &(FsObjects) { .node = node });
    }
    if (ret < 0) {
        return ret;
    }
    if ((set->valid & FS_SET_SIZE) && fs_quota_of(node->export)) {
        return set_size(call, node, file, &host);
    }
    return driver_setattr(call, node, file, &host);
}

ssize_t fs_readlink(const FsCall *call, FsNode *node, char *buf, size_t size)
{
    int ret = check_call(call, driver_of(node)->readlink, node);

    if (ret < 0) {
        return ret;
    }
    return count(node, "readlink", "",
                 driver_of(node)->readlink(call, node, buf, size),
                 size);
}

int fs_statfs(const FsCall *call, FsNode *node, struct statfs *st)
{
    struct statfs seen;
    int ret = check_call(call, driver_of(node)->statfs, node);

    if (ret < 0) {
        return ret;
    }
    ret = status(node, "statfs", "",
                 driver_of(node)->statfs(call, node, &seen));
    if (ret == 0) {
        if (fs_quota_of(node->export)) {
            fs_quota_statfs(node->export, &seen);
        }
        *st = seen;
    }
    return ret;
}

/* Names */

static int link_in(const FsCall *call, FsNode *node, FsNode *dir,
                   const char *name)
{
    int ret = check_call(call, driver_of(node)->link, node);

    if (ret == 0) {
        ret = check_call(call, true, dir);
    }
    if (ret == 0) {
        ret = fs_owners_check(call, FS_OWNERS_LINK,
                              &(FsObjects) { .node = node, .dir = dir });
    }
    if (ret < 0) {
        return ret;
    }
    fs_change_note();
    ret = status(node, "link", name,
                 driver_of(node)->link(call, node, dir, name));
    fs_change_note();
    return ret;
}

int fs_link(const FsCall *call, FsNode *node, FsNode *dir, const char *name)
{
    return IN_REMADE(call, dir, link_in(call, node, dir, name));
}

static int unlink_in(const FsCall *call, FsNode *dir, const char *name,
                     bool is_dir)
{
    FsQuotaVictim victim = { .dir = dir, .name = name };
    int ret = check_call(call, driver_of(dir)->unlink, dir);

    if (ret == 0) {
        ret = fs_owners_check(call, FS_OWNERS_UNLINK,
                              &(FsObjects) { .dir = dir, .name = name });
    }
    if (ret == 0 && fs_quota_of(dir->export)) {
        ret = fs_quota_victim(&victim, call);
    }
    if (ret < 0) {
        return ret;
    }
    fs_change_note();
    ret = status(dir, "unlink", name,
                 driver_of(dir)->unlink(call, dir, name, is_dir));
    fs_change_note();
    fs_quota_victim_done(&victim, call, ret);
    return ret;
}

int fs_unlink(const FsCall *call, FsNode *dir, const char *name, bool is_dir)
{
    return IN_REMADE(call, dir, unlink_in(call, dir, name, is_dir));
}

static int rename_in(const FsCall *call, FsNode *dir, const char *name,
                     FsNode *newdir, const char *newname)
{
    const FsObjects objects = {
        .dir = dir, .name = name, .newdir = newdir, .newname = newname,
    };
    FsQuotaVictim victim = {
        .dir = newdir, .name = newname, .from_dir = dir, .from = name,
    };
    int ret = check_call(call, driver_of(dir)->rename, dir);

    if (ret == 0) {
        ret = check_call(call, true, newdir);
    }
    if (ret == 0) {
        ret = fs_owners_check(call, FS_OWNERS_RENAME, &objects);
    }
    if (ret == 0 && fs_quota_of(dir->export)) {
        ret = fs_quota_victim(&victim, call);
    }
    if (ret < 0) {
        return ret;
    }
    fs_change_note();
    ret = status(dir, "rename", name,
                 driver_of(dir)->rename(call, dir, name, newdir, newname));
    fs_change_note();
    fs_quota_victim_done(&victim, call, ret);
    return ret;
}

static int rename_from(const FsCall *call, FsNode *dir, const char *name,
                       FsNode *newdir, const char *newname)
{
    return IN_REMADE(call, dir, rename_in(call, dir, name, newdir, newname));
}

int fs_rename(const FsCall *call, FsNode *dir, const char *name, FsNode *newdir,
              const char *newname)
{
    return IN_REMADE(call, newdir,
                     rename_from(call, dir, name, newdir, newname));
}

/* Extended attributes; with size 0 only the length is returned. */

ssize_t fs_getxattr(const FsCall *call, FsNode *node, const char *name,
                    void *buf, size_t size)
{
    ssize_t len;
    int ret = check_call(call, driver_of(node)->getxattr, node);

    if (ret == 0 && g_str_has_prefix(name, "user.")) {
        ret = fs_owners_check(call, FS_OWNERS_READ,
                              &(FsObjects) { .node = node });
    }
    if (ret < 0) {
        return ret;
    }
    len = count(node, "getxattr", name,
                driver_of(node)->getxattr(call, node, name, buf, size),
                size ? size : SSIZE_MAX);
    if (len > 0 && size) {
        ret = fs_xattr_to_guest(&node->export->config, name, buf, len);
    }
    return ret < 0 ? ret : len;
}

ssize_t fs_listxattr(const FsCall *call, FsNode *node, char *buf, size_t size)
{
    int ret = check_call(call, driver_of(node)->listxattr, node);

    if (ret < 0) {
        return ret;
    }
    return count(node, "listxattr", "",
                 driver_of(node)->listxattr(call, node, buf, size),
                 size ? size : SSIZE_MAX);
}

int fs_setxattr(const FsCall *call, FsNode *node, const char *name,
                const void *value, size_t size, int flags)
{
    g_autofree void *mapped = NULL;
    int ret = check_call(call, driver_of(node)->setxattr, node);

    if (ret == 0) {
        ret = fs_xattr_to_host(&node->export->config, name, value, &size,
                               &mapped);
    }
    if (ret == 0) {
        ret = fs_owners_check(call, FS_OWNERS_SETXATTR,
                              &(FsObjects) { .node = node });
    }
    if (ret < 0) {
        return ret;
    }
    fs_change_note();
    ret = status(node, "setxattr", name,
                 driver_of(node)->setxattr(call, node, name, mapped ?: value,
                                           size, flags));
    fs_change_note();
    return ret;
}

int fs_removexattr(const FsCall *call, FsNode *node, const char *name)
{
    int ret = check_call(call, driver_of(node)->removexattr, node);

    if (ret == 0) {
        ret = fs_owners_check(call, FS_OWNERS_SETXATTR,
                              &(FsObjects) { .node = node });
    }
    if (ret < 0) {
        return ret;
    }
    fs_change_note();
    ret = status(node, "removexattr", name,
                 driver_of(node)->removexattr(call, node, name));
    fs_change_note();
    return ret;
}

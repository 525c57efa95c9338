/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Objects whose owner or group is not in the maps: see fs-owners.h.
 *
 * An object that a call has as a node is checked by that node, so that another
 * object which gets its name meanwhile does not matter.  The kernel has no call
 * to remove or rename a certain object, so for these the object that has the
 * name is checked.  A guest cannot exchange it for a protected one after the
 * check, as it cannot move one; a user of the host who can may also remove it.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/core/fsdriver-int.h"
#include "fsdev/core/fs-owners.h"

/* Permissions, as the three bits of one class of users. */
#define MAY_SEARCH 1u
#define MAY_READ 4u

typedef enum Role {
    ROLE_NONE,
    ROLE_NODE,
    ROLE_DIR,
    ROLE_NAME,                  /* name in dir */
    ROLE_NEWDIR,
    ROLE_NEWNAME,               /* newname in newdir */
} Role;

/*
 * THE TABLE: which objects each rule checks, in this order, and the error for
 * one whose owner or group is not mapped.  With @unless the object may be used
 * all the same if it gives this permission to a class of users that the guest
 * may have.
 *
 * Source: Linux 6.1, inode_permission(), may_delete(), notify_change(),
 * may_write_xattr() and may_linkat(); test-owners compares them.
 */
static const struct {
    Role role;
    int error;
    uint32_t unless;
} rules[][4] = {
    [FS_OWNERS_SEARCH] = { { ROLE_DIR, EACCES, .unless = MAY_SEARCH } },
    [FS_OWNERS_READ] = { { ROLE_NODE, EACCES, .unless = MAY_READ } },
    [FS_OWNERS_WRITE] = { { ROLE_NODE, EACCES } },
    [FS_OWNERS_SETATTR] = { { ROLE_NODE, EOVERFLOW } },
    [FS_OWNERS_SETXATTR] = { { ROLE_NODE, EPERM } },
    [FS_OWNERS_MAKE] = { { ROLE_DIR, EACCES } },
    [FS_OWNERS_LINK] = { { ROLE_NODE, EOVERFLOW }, { ROLE_DIR, EACCES } },
    [FS_OWNERS_UNLINK] = { { ROLE_NAME, EOVERFLOW }, { ROLE_DIR, EACCES } },
    [FS_OWNERS_RENAME] = {
        { ROLE_NAME, EOVERFLOW }, { ROLE_DIR, EACCES },
        { ROLE_NEWNAME, EOVERFLOW }, { ROLE_NEWDIR, EACCES },
    },
};

/*
 * The permissions of all classes of users that processes of the guest may
 * belong to.  The guest's kernel has checked those of the process.
 */
static uint32_t permissions(const FsConfig *config, const FsAttr *attr)
{
    uint32_t bits = attr->mode;

    if (id_map_has_host(config->users, attr->uid)) {
        bits |= attr->mode >> 6;
    }
    if (id_map_has_host(config->groups, attr->gid)) {
        bits |= attr->mode >> 3;
    }
    return bits;
}

static int check(const FsConfig *config, const FsAttr *attr, int error,
                 uint32_t unless)
{
    bool mapped = id_map_has_host(config->users, attr->uid) &&
                  id_map_has_host(config->groups, attr->gid);

    return mapped || (permissions(config, attr) & unless) ? 0 : -error;
}

int fs_owners_check_read(const FsConfig *config, const FsAttr *attr)
{
    return check(config, attr, EACCES, MAY_READ);
}

/* The attributes on the host of @node; it may have no name any more. */
static int look_at(const FsCall *call, FsNode *node, FsAttr *attr)
{
    const FsDriver *driver = driver_of(node);
    FsCall at_once;

    if (!driver->getattr) {
        return -EOPNOTSUPP;
    }
    call = call_to_try(call, reach_of(call, node), &at_once);
    return driver->getattr(call, node, NULL, FS_FIRST_LOOK | FS_OWNER_ONLY,
                           attr);
}

/* The same for @name in @dir. */
static int look_up(const FsCall *call, FsNode *dir, const char *name,
                   FsAttr *attr)
{
    const FsDriver *driver = driver_of(dir);
    FsNode *found;
    FsCall at_once;
    int ret;

    call = call_to_try(call, reach_of(call, dir), &at_once);
    if (driver->peek) {
        return driver->peek(call, dir, name, attr);
    }
    ret = driver->lookup(call, dir, name, &found, attr);
    if (ret == 0) {
        fs_node_unref(found);
    }
    return ret;
}

static bool is_name(Role role)
{
    return role == ROLE_NAME || role == ROLE_NEWNAME;
}

static int look(const FsCall *call, Role role, const FsObjects *objects,
                FsAttr *attr)
{
    switch (role) {
    case ROLE_NODE:
        return look_at(call, objects->node, attr);
    case ROLE_DIR:
        return look_at(call, objects->dir, attr);
    case ROLE_NEWDIR:
        return look_at(call, objects->newdir, attr);
    case ROLE_NAME:
        return look_up(call, objects->dir, objects->name, attr);
    case ROLE_NEWNAME:
        return look_up(call, objects->newdir, objects->newname, attr);
    case ROLE_NONE:
        break;
    }
    return -ENOENT;
}

int fs_owners_check(const FsCall *call, FsOwnersRule rule,
                    const FsObjects *objects)
{
    const FsNode *any = objects->node ?: objects->dir;
    const FsConfig *config = &any->export->config;
    int ret = 0;

    if (!fs_owners_apply(config)) {
        return 0;
    }
    for (unsigned i = 0; ret == 0 && i < ARRAY_SIZE(rules[rule]); i++) {
        Role role = rules[rule][i].role;
        FsAttr attr;

        if (role == ROLE_NONE) {
            break;
        }
        ret = look(call, role, objects, &attr);
        if (ret == 0) {
            ret = check(config, &attr, rules[rule][i].error,
                        rules[rule][i].unless);
        } else if (ret == -ENOENT && is_name(role)) {
            /* Nothing is to be replaced, or the call will fail. */
            ret = 0;
        }
    }
    return ret;
}

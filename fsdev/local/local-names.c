/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The local driver: hard links, removing and renaming.
 *
 * Each operation changes three things: the host, the node tree, and what the
 * security model stores beside a file.  The host is changed first.  What may
 * fail for lack of space or rights is prepared before, and when a later step
 * fails, earlier ones are undone if possible.
 * Called through fsdriver.c from any thread that may block.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/local/local-int.h"

/* ---- hard links ------------------------------------------------------- */

/* Add the name and, if the model stores values beside it, these as well. */
static int link_both(LocalExport *export, LocalObject *obj, int dirfd,
                     const char *component)
{
    const CredPolicy *policy = export->policy;
    bool beside = policy->beside && obj->cred.name &&
                  !local_object_nameless(export, obj);
    HostStat st, now;
    int ret = 0;

    if (beside) {
        ret = policy->before_link(obj->cred.dirfd, obj->cred.name, dirfd);
    }
    if (ret == 0) {
        ret = host_link(obj->cred.fd, dirfd, component);
    }
    if (ret < 0 || !beside) {
        return ret;
    }
    ret = policy->linked(obj->cred.dirfd, obj->cred.name, dirfd, component);
    if (ret < 0 && host_stat(obj->cred.fd, &st) == 0 &&
        host_stat_here(dirfd, component, &now) == 0 &&
        local_same_object(&st, &now)) {
        unlinkat(dirfd, component, 0);
        policy->unlinked(dirfd, component);
    }
    return ret;
}

/* As local_whiteout_follow(), for a further name of @name's object. */
static int follow_linked(const FsCall *call, LocalExport *export, Name *name,
                         Name *newdir)
{
    FsAttr attr;
    int ret;

    if (!g_atomic_int_get(&export->whiteouts)) {
        return 0;
    }
    ret = local_name_attr(call, name, NULL, &attr);
    if (ret == 0 && local_is_whiteout(export, attr.mode, attr.rdev)) {
        ret = local_whiteout_mark(call, export, newdir);
    }
    return fs_call_refused(call, ret) ? ret : 0;
}

int local_link(const FsCall *call, FsNode *node, FsNode *dir, const char *name)
{
    LocalExport *export = local_export(dir->export);
    Name *parent = name_from_fs(dir);
    LOCAL_PIN pin = { 0 };
    LOCAL_OBJECT obj = { 0 };
    int ret = local_check_new(parent, name);

    if (ret == 0) {
        ret = follow_linked(call, export, name_from_fs(node), parent);
    }
    if (ret == 0) {
        ret = local_pin(call, &pin, parent);
    }
    if (ret == 0) {
        ret = local_object_get(call, name_from_fs(node), NULL, LOCAL_WRITE,
                               &obj);
    }
    if (ret < 0) {
        return ret;
    }
    if (export->policy->beside && obj.far != local_is_far(export, parent)) {
        /* The error that the host would return, without the risk of hanging. */
        return -EXDEV;
    }
    return link_both(export, &obj, pin.fd, name);
}

/* ---- names that go ---------------------------------------------------- */

/*
 * An object whose name is about to be removed.  Its fids remain usable, and if
 * it is open, the guest's view of it is kept when the values beside its name
 * are removed.
 */
typedef struct Victim {
    Name *name;                 /* counted and pinned; NULL: has no fid */
    bool has_attr;
    FsAttr attr;
} Victim;

/* Set @victim->attr to what the guest sees of it. */
static void victim_look(const FsCall *call, LocalExport *export, int dirfd,
                        const char *component, Victim *victim)
{
    CredObject cred = {
        .fd = name_fd_get(call, victim->name), .fd_is_path = true,
        .dirfd = dirfd, .name = component,
        .host_type = node_type(name_node(victim->name)), .brief = true,
    };
    CredValues values;
    HostStat st;

    if (cred.fd < 0) {
        return;
    }
    if (host_stat(cred.fd, &st) == 0) {
        local_attr_from_host(&victim->attr, &st);
        /* Values that cannot be read are not visible to the guest either. */
        if (local_cred_load(call, export, &cred, &st, &victim->attr,
                            &values) == 0) {
            cred_overlay(&victim->attr, &values);
        }
        victim->has_attr = true;
    }
    name_fd_put(victim->name);
}

/*
 * Returns 0, or -EAGAIN when @call may not wait for as long as that takes.  A
 * thread that holds LocalExport.beside may not wait for a far victim, but need
 * not: such a victim is mounted on the name, and the host refuses to remove it.
 */
static int victim_take(const FsCall *call, LocalExport *export, Name *dir,
                       int dirfd, const char *component, Victim *victim)
{
    bool far = local_is_far(export, dir);
    bool locked = export->policy->beside && !far;
    FsCall now = fs_call_within(call, locked ? FS_WAIT_STORAGE
                                             : FS_WAIT_ANYTHING);
    int ret;

    *victim = (Victim) { 0 };
    ret = name_pin_for_removal(&now, dir, component, &victim->name);
    if (ret < 0) {
        return fs_call_refused(call, ret) ? ret : 0;
    }
    if (victim->name && export->policy->beside &&
        local_is_far(export, victim->name) == far &&
        node_is_open(name_node(victim->name))) {
        victim_look(&now, export, dirfd, component, victim);
    }
    return 0;
}

/* @gone: the name was removed. */
static void victim_release(LocalExport *export, Victim *victim, bool gone)
{
    if (gone && victim->has_attr) {
        local_orphan_keep(export, &victim->attr);
        /* It may have been closed meanwhile, which does not drop these. */
        if (!node_is_open(name_node(victim->name))) {
            local_orphan_drop(export, name_node(victim->name));
        }
    }
    name_unpin(victim->name);
}

static int remove_host(LocalExport *export, Name *dir, int dirfd,
                       const char *component, bool is_dir)
{
    const CredPolicy *policy = export->policy;
    int ret = 0;

    if (is_dir && policy->before_rmdir) {
        ret = policy->before_rmdir(dirfd, component);
    }
    if (ret == 0) {
        ret = NEG_ERRNO(unlinkat(dirfd, component, is_dir ? AT_REMOVEDIR : 0));
    }
    if (ret == 0) {
        name_removed(dir, component);
        if (policy->unlinked) {
            policy->unlinked(dirfd, component);
        }
    }
    return ret;
}

int local_unlink(const FsCall *call, FsNode *dir, const char *name, bool is_dir)
{
    LocalExport *export = local_export(dir->export);
    Name *parent = name_from_fs(dir);
    LOCAL_LOCK lock = { 0 };
    LOCAL_PIN pin = { 0 };
    Victim victim;
    int ret = local_check_new(parent, name);

    if (ret == 0) {
        ret = local_pin(call, &pin, parent);
    }
    if (ret == 0) {
        ret = local_lock(call, export, local_is_far(export, parent), true,
                         &lock);
    }
    if (ret == 0) {
        ret = victim_take(call, export, parent, pin.fd, name, &victim);
    }
    if (ret < 0) {
        return ret;
    }
    ret = remove_host(export, parent, pin.fd, name, is_dir);
    victim_release(export, &victim, ret == 0);
    return ret;
}

/* ---- rename ----------------------------------------------------------- */

typedef struct Rename {
    const FsCall *call;
    LocalExport *export;
    Name *dir;
    int dirfd;
    const char *name;
    Name *newdir;
    int newdirfd;
    const char *newname;
    bool replaces;              /* something had the new name */
} Rename;

/* Rename in the host's directories and in the node tree. */
static int rename_host(const Rename *op)
{
    int ret;

    name_rename_begin(op->dir);
    ret = renameat(op->dirfd, op->name, op->newdirfd, op->newname);
    ret = ret < 0 ? -errno : 0;
    if (ret == 0) {
        name_renamed(op->dir, op->name, op->newdir, op->newname);
    }
    name_rename_end(op->dir);
    return ret;
}

/* Rename back, unless that replaces a file or an object was replaced. */
static void rename_undo(const Rename *op)
{
    if (op->replaces) {
        return;
    }
    name_rename_begin(op->dir);
    if (renameat2(op->newdirfd, op->newname, op->dirfd, op->name,
                  RENAME_NOREPLACE) == 0) {
        name_renamed(op->newdir, op->newname, op->dir, op->name);
    }
    name_rename_end(op->dir);
}

static int rename_both(const Rename *op)
{
    const CredPolicy *policy = op->export->policy;
    Victim victim;
    int ret = 0;

    if (policy->before_link) {
        ret = policy->before_link(op->dirfd, op->name, op->newdirfd);
    }
    if (ret == 0) {
        ret = victim_take(op->call, op->export, op->newdir, op->newdirfd,
                          op->newname, &victim);
    }
    if (ret < 0) {
        return ret;
    }
    ret = rename_host(op);
    if ((ret == -ENOTEMPTY || ret == -EEXIST) && policy->before_rmdir) {
        /* A directory that is empty for the guest can be replaced. */
        if (policy->before_rmdir(op->newdirfd, op->newname) == 0) {
            ret = rename_host(op);
        }
    }
    victim_release(op->export, &victim, ret == 0);
    if (ret == 0 && policy->renamed) {
        ret = policy->renamed(op->dirfd, op->name, op->newdirfd, op->newname);
        if (ret < 0) {
            rename_undo(op);
        }
    }
    return ret;
}

/* Which object has the name; -EXDEV at a mount point that may hang. */
static int rename_stat(const Rename *op, int dirfd, const char *name,
                       HostStat *st)
{
    bool stay = !fs_call_may_block(op->call) ||
                op->export->policy->beside;

    return stay ? host_stat_here(dirfd, name, st)
                : host_stat_id_at(dirfd, name, st);
}

/* Returns 1 when both names lead to one object: rename(2) does nothing then. */
static int rename_look(Rename *op)
{
    HostStat from, to;
    int ret = rename_stat(op, op->newdirfd, op->newname, &to);

    if (ret < 0 && ret != -EXDEV) {
        return ret == -ENOENT ? 0 : ret;
    }
    op->replaces = true;
    if (ret == 0) {
        ret = rename_stat(op, op->dirfd, op->name, &from);
    }
    if (ret < 0) {
        /* The host refuses to move or replace a mount point. */
        return ret == -EXDEV ? 0 : ret;
    }
    return local_same_object(&from, &to);
}

/* All but the check of the names. */
static int rename_pinned(Rename *op)
{
    const FsCall *call = op->call;
    LocalExport *export = op->export;
    bool far = local_is_far(export, op->dir);
    LOCAL_LOCK lock = { 0 };
    int ret;

    if (export->policy->beside && far != local_is_far(export, op->newdir)) {
        /* The error that the host would return, without the risk of hanging. */
        return -EXDEV;
    }
    ret = local_whiteout_follow(call, export, op->dir, op->dirfd, op->name,
                                op->newdir);
    if (ret == 0) {
        ret = local_lock(call, export, far, true, &lock);
    }
    if (ret == 0) {
        ret = rename_look(op);
    }
    if (ret != 0) {
        return ret < 0 ? ret : 0;
    }
    return rename_both(op);
}

int local_rename(const FsCall *call, FsNode *dir, const char *name,
                 FsNode *newdir, const char *newname)
{
    Rename op = {
        .call = call,
        .export = local_export(dir->export),
        .dir = name_from_fs(dir),
        .name = name,
        .newdir = name_from_fs(newdir),
        .newname = newname,
    };
    LOCAL_PIN pin = { 0 };
    LOCAL_PIN newpin = { 0 };
    int ret = local_check_new(op.dir, name);

    if (ret == 0) {
        ret = local_check_new(op.newdir, newname);
    }
    if (ret == 0) {
        ret = local_pin(call, &pin, op.dir);
    }
    if (ret == 0) {
        ret = local_pin(call, &newpin, op.newdir);
    }
    if (ret < 0) {
        return ret;
    }
    op.dirfd = pin.fd;
    op.newdirfd = newpin.fd;
    return rename_pinned(&op);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The local driver: hard links, removing and renaming.
 *
 * Each operation changes three things: the host, the node tree, and what the
 * security model stores beside a file.  What the model stores is prepared
 * first, where it can be taken back; then the host is changed, and with that
 * the request has succeeded.  A new link is the exception, as it can be
 * removed.
 * Called through fsdriver.c from any thread that may block.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/local/local-int.h"

/* ---- hard links ------------------------------------------------------- */

/* Remove the name that a link has made, unless it leads elsewhere now. */
static void link_undo(LocalExport *export, LocalObject *obj, int dirfd,
                      const char *component)
{
    HostStat st, now;

    if (host_stat(obj->cred.fd, &st) == 0 &&
        host_stat_id_at(dirfd, component, &now) == 0 &&
        local_same_object(&st, &now)) {
        unlinkat(dirfd, component, 0);
        export->policy->remove_values(dirfd, component);
    }
}

/* Add the name and, if the model stores values beside it, these as well. */
static int link_both(LocalExport *export, LocalObject *obj, int dirfd,
                     const char *component)
{
    const CredPolicy *policy = export->policy;
    CredNames names = {
        .dirfd = obj->cred.dirfd, .name = obj->cred.name,
        .newdirfd = dirfd, .newname = component, .metafd = -1,
        .newmetafd = -1,
    };
    bool beside = policy->beside && obj->cred.name;
    int ret = policy->beside ? local_object_nameless(export, obj) : 0;
    int end = 0;

    if (ret < 0) {
        return ret;
    }
    if (ret > 0) {
        beside = local_orphan_is(export, obj->node, &names.held_fd) &&
                 names.held_fd > 0;
    }
    if (beside) {
        ret = policy->link_begin(&names);
        if (ret < 0) {
            return ret;
        }
    }
    ret = host_link(obj->cred.fd, dirfd, component);
    if (beside) {
        end = policy->link_end(&names, ret == 0);
    }
    if (ret == 0 && end < 0) {
        link_undo(export, obj, dirfd, component);
        ret = end;
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
    ret = local_name_attr(call, name, NULL, FS_OWNER_ONLY, &attr);
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
 * An object whose name is about to be removed.  Its fids remain usable, and the
 * guest's view of it is kept when the values beside its name are removed.
 */
typedef struct Victim {
    Name *name;                 /* counted and pinned; NULL: has no fid */
    bool has_attr;
    FsAttr attr;
    int holder;                 /* owned; of the values of other names, or -1 */
} Victim;

/*
 * Set @victim->attr to what the guest sees of it, if that can be asked for
 * later: it is open or has other names.
 */
static void victim_look(const FsCall *call, LocalExport *export, int dirfd,
                        const char *component, Victim *victim)
{
    CredObject cred = {
        .fd = name_fd_get(call, victim->name), .fd_is_path = true,
        .dirfd = dirfd, .name = component,
        .host_type = node_type(name_node(victim->name)), .brief = true,
    };
    bool linked;
    CredValues values;
    HostStat st;

    if (cred.fd < 0) {
        return;
    }
    if (host_stat(cred.fd, &st) == 0) {
        linked = !S_ISDIR(st.mode) && st.nlink > 1;
        local_attr_from_host(&victim->attr, &st);
        victim->has_attr = linked || node_is_open(name_node(victim->name));
        /* Values that cannot be read are not visible to the guest either. */
        if (victim->has_attr &&
            local_cred_load(call, export, &cred, &st, &victim->attr,
                            &values) == 0) {
            cred_overlay(&victim->attr, &values);
        }
        if (linked) {
            victim->holder = export->policy->holder(&cred, &victim->attr, &st);
        }
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

    *victim = (Victim) { .holder = -1 };
    ret = name_pin_for_removal(&now, dir, component, &victim->name);
    if (ret < 0) {
        return fs_call_refused(call, ret) ? ret : 0;
    }
    if (victim->name && export->policy->beside &&
        local_is_far(export, victim->name) == far) {
        victim_look(&now, export, dirfd, component, victim);
    }
    return 0;
}

/* @gone: the name was removed. */
static void victim_release(LocalExport *export, Victim *victim, bool gone)
{
    if (gone && victim->has_attr) {
        local_orphan_keep(export, name_node(victim->name), &victim->attr,
                          victim->holder);
        victim->holder = -1;
    }
    host_fd_cleanup(&victim->holder);
    name_unpin(victim->name);
}

static int remove_host(LocalExport *export, Name *dir, int dirfd,
                       const char *component, bool is_dir)
{
    const CredPolicy *policy = export->policy;
    CredNames names = {
        .dirfd = dirfd, .name = component, .metafd = -1, .newmetafd = -1,
    };
    int ret = 0;

    if (policy->unlink_begin) {
        ret = policy->unlink_begin(&names);
        if (ret < 0) {
            return ret;
        }
    }
    if (is_dir && policy->before_rmdir) {
        ret = policy->before_rmdir(dirfd, component);
    }
    if (ret == 0) {
        ret = NEG_ERRNO(unlinkat(dirfd, component, is_dir ? AT_REMOVEDIR : 0));
    }
    if (ret == 0) {
        name_removed(dir, component);
    }
    if (policy->unlink_end) {
        policy->unlink_end(&names, ret == 0);
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
    bool doubtful;              /* the names may lead to one object */
} Rename;

/*
 * Rename in the host's directories and in the node tree.  Returns 1 if the host
 * has done nothing because both names lead to one object.
 */
static int rename_host(const Rename *op)
{
    int ret;

    name_rename_begin(op->dir);
    ret = renameat(op->dirfd, op->name, op->newdirfd, op->newname);
    ret = ret < 0 ? -errno
                  : op->doubtful && host_has_name(op->dirfd, op->name);
    if (ret == 0) {
        name_renamed(op->dir, op->name, op->newdir, op->newname);
    }
    name_rename_end(op->dir);
    return ret;
}

/* As rename_host(); a directory that is empty for the guest can be replaced. */
static int rename_or_replace(const Rename *op)
{
    const CredPolicy *policy = op->export->policy;
    int ret = rename_host(op);

    if ((ret == -ENOTEMPTY || ret == -EEXIST) && policy->before_rmdir &&
        policy->before_rmdir(op->newdirfd, op->newname) == 0) {
        ret = rename_host(op);
    }
    return ret;
}

static int rename_both(const Rename *op)
{
    const CredPolicy *policy = op->export->policy;
    CredNames names = {
        .dirfd = op->dirfd, .name = op->name, .newdirfd = op->newdirfd,
        .newname = op->newname, .metafd = -1, .newmetafd = -1,
    };
    Victim victim;
    int ret = victim_take(op->call, op->export, op->newdir, op->newdirfd,
                          op->newname, &victim);

    if (ret < 0) {
        return ret;
    }
    if (policy->rename_begin) {
        ret = policy->rename_begin(&names);
    }
    if (ret == 0) {
        ret = rename_or_replace(op);
        if (policy->rename_end) {
            policy->rename_end(&names, ret == 0);
        }
    }
    victim_release(op->export, &victim, ret == 0);
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
    if (ret == 0) {
        ret = rename_stat(op, op->dirfd, op->name, &from);
    }
    if (ret < 0) {
        /* The host refuses to move or replace a mount point. */
        return ret == -EXDEV ? 0 : ret;
    }
    op->doubtful = local_same_object(&from, &to) &&
                   node_is_weak(name_node(op->dir));
    return !op->doubtful && local_same_object(&from, &to);
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
    ret = rename_both(op);
    return MIN(ret, 0);
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

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The local driver: nodes prepared for the credential policy, and the locks
 * under which names change together with the values stored beside files.
 *
 * For a policy that stores values beside the file there are three steps, in
 * this order because some may hang: the path fds of the object and of its
 * directory are pinned and the object's attributes are read; the lock is taken;
 * the values are looked up.  A thread that holds the lock for near objects
 * waits for local storage only, see LocalExport.beside.
 * Called by the other local-*.c, from any thread.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/local/local-int.h"

/* ---- the lock --------------------------------------------------------- */

static bool lock_now(GRWLock *lock, bool write)
{
    return write ? g_rw_lock_writer_trylock(lock)
                 : g_rw_lock_reader_trylock(lock);
}

static void lock_waiting(GRWLock *lock, bool write)
{
    if (write) {
        g_rw_lock_writer_lock(lock);
    } else {
        g_rw_lock_reader_lock(lock);
    }
}

int local_lock(const FsCall *call, LocalExport *export, bool far, bool write,
               LocalLock *lock)
{
    GRWLock *beside = far ? &export->beside_far : &export->beside;

    if (!export->policy->beside) {
        return 0;
    }
    if (fs_call_may_block(call)) {
        lock_waiting(beside, write);
    } else if (far || !lock_now(beside, write)) {
        return -EAGAIN;
    }
    *lock = (LocalLock) { .lock = beside, .write = write };
    return 0;
}

void local_unlock(LocalLock *lock)
{
    if (lock->lock && lock->write) {
        g_rw_lock_writer_unlock(lock->lock);
    } else if (lock->lock) {
        g_rw_lock_reader_unlock(lock->lock);
    }
    lock->lock = NULL;
}

/* ---- objects ---------------------------------------------------------- */

/*
 * Find the directory of @name, where its values are, and pin its path fd.
 * Returns 0, or 1 when there is none: the root has a metadata file of its own,
 * and an object that has lost its name has no values.
 */
static int object_place(const FsCall *call, Name *name, LocalObject *obj)
{
    Name *parent;
    int fd;
    int ret = name_locate(name, &parent, obj->component);

    if (ret < 0) {
        obj->cred.nameless = ret != -EBUSY;
        obj->cred.dir = local_cred_dir(obj->node);
        return 1;
    }
    fd = name_fd_get(call, parent);
    if (fd < 0) {
        name_unref(parent);
        obj->cred.nameless = true;
        return fd == -ENOENT || fd == -ESTALE ? 1 : fd;
    }
    obj->parent = parent;
    obj->cred.dirfd = fd;
    obj->cred.dir = local_cred_dir(name_node(parent));
    obj->cred.name = obj->component;
    return 0;
}

static void object_displace(LocalObject *obj)
{
    if (obj->parent) {
        name_fd_put(obj->parent);
        name_unref(obj->parent);
        obj->parent = NULL;
    }
    obj->cred.dirfd = -1;
    obj->cred.name = NULL;
    obj->cred.nameless = false;
}

static bool is_far(const LocalExport *export, const LocalObject *obj)
{
    return !local_never_hangs(export, obj->node) ||
           (obj->parent &&
            !local_never_hangs(export, name_node(obj->parent)));
}

/* The further steps for a policy that stores values beside the file. */
static int object_get_beside(const FsCall *call, LocalExport *export,
                             Name *name, LocalAccess access, LocalObject *obj)
{
    int ret = host_stat(obj->cred.fd, &obj->st);

    obj->has_st = ret == 0;
    obj->seen_ctime = cred_cache_ns(&obj->st.ctime);
    while (ret == 0) {
        bool placed;

        ret = object_place(call, name, obj);
        placed = ret == 0;
        obj->far = is_far(export, obj);
        if (ret >= 0) {
            ret = local_lock(call, export, obj->far, access == LOCAL_WRITE,
                             &obj->lock);
        }
        if (ret < 0 || !placed ||
            name_is_at(name, obj->parent, obj->component)) {
            break;
        }
        /* It was renamed before the lock was taken. */
        local_unlock(&obj->lock);
        object_displace(obj);
    }
    return MIN(ret, 0);
}

/* A change of stored values always takes the time of storage. */
static bool may_use(const FsCall *call, const LocalExport *export,
                     Name *name, LocalAccess access)
{
    return (access == LOCAL_READ || fs_call_may_wait(call, FS_WAIT_STORAGE)) &&
           local_may_use(call, export, name_node(name));
}

int local_object_get(const FsCall *call, Name *name, LocalFile *file,
                     LocalAccess access, LocalObject *obj)
{
    LocalExport *export = local_export_of(name);
    int fd = -1;
    int ret = 0;

    *obj = (LocalObject) { .cred = { .fd = -1, .dirfd = -1 } };
    if (!may_use(call, export, name, access)) {
        return -EAGAIN;
    }
    if (!file) {
        fd = name_fd_get(call, name);
        if (fd < 0) {
            return fd;
        }
        obj->pinned = name_ref(name);
    }
    obj->self = name;
    obj->node = name_node(name);
    obj->cred.fd = file ? file->fd : fd;
    obj->cred.fd_is_path = !file;
    obj->cred.brief = !fs_call_may_block(call);
    obj->cred.host_type = node_type(obj->node);
    if (export->policy->beside) {
        ret = object_get_beside(call, export, name, access, obj);
    }
    if (ret < 0) {
        local_object_put(obj);
    }
    return ret;
}

void local_object_put(LocalObject *obj)
{
    local_unlock(&obj->lock);
    object_displace(obj);
    if (obj->pinned) {
        name_fd_put(obj->pinned);
        name_unref(obj->pinned);
        obj->pinned = NULL;
    }
}

void local_name_seen(Name *name, const HostStat *st,
                     const struct timespec *before)
{
    if (cred_cache_is_past(&st->ctime, before)) {
        name_set_seen_ctime(name, cred_cache_ns(&st->ctime));
    }
}

/*
 * Does the name still lead to the object?  If a program on the host has put
 * another file in its place, the values beside the name belong to that file.
 * Renaming or removing the object changes its ctime, so the answer is valid as
 * long as the ctime remains the same.
 */
static int still_leads(const LocalExport *export, LocalObject *obj)
{
    struct timespec before = cred_cache_clock();
    bool weak = node_is_weak(obj->node);
    HostStat st;
    int ret;

    if (export->ctimes_tell &&
        name_seen_ctime(obj->self) == obj->seen_ctime) {
        return 1;
    }
    ret = host_stat_here(obj->cred.dirfd, obj->component, &st);
    if (ret < 0) {
        return name_leads_elsewhere(ret) ? 0 : ret;
    }
    if (st.dev != (weak ? obj->st.dev : node_dev(obj->node)) ||
        st.ino != (weak ? obj->st.ino : node_ino(obj->node))) {
        return 0;
    }
    local_name_seen(obj->self, &st, &before);
    return 1;
}

int local_object_nameless(const LocalExport *export, LocalObject *obj)
{
    if (obj->cred.name && export->policy->beside && !obj->cred.nameless &&
        !obj->leads) {
        int ret = still_leads(export, obj);

        if (ret < 0) {
            return ret;
        }
        obj->leads = ret;
        obj->cred.nameless = !ret;
    }
    return obj->cred.nameless;
}

/* ---- stored values ---------------------------------------------------- */

/*
 * Set *@fd to a path fd of the inode whose ctime changes whenever the values
 * stored for @cred do, and *@st to its attributes; *@fd is -1 and *@st stays
 * as it is if that is the object's own inode.
 */
static int find_holder(LocalExport *export, const CredObject *cred,
                       const FsAttr *attr, HostStat *st, int *fd)
{
    int ret = 0;

    if (export->policy->holder) {
        ret = export->policy->holder(cred, attr, st);
        *fd = ret;
    }
    return MIN(ret, 0);
}

int local_cred_load(const FsCall *call, LocalExport *export,
                    const CredObject *cred, const HostStat *st,
                    const FsAttr *attr, CredValues *values)
{
    struct timespec before;
    HostStat holder = *st;
    HOST_FD fd = -1;
    bool cached;
    int ret;

    *values = (CredValues) { 0 };
    if (!export->creds) {
        return 0;
    }
    if (export->watch && !cred->nameless &&
        cred_watch_get(export->watch, cred, values)) {
        return 0;
    }
    before = cred_cache_clock();
    ret = find_holder(export, cred, attr, &holder, &fd);
    if (ret < 0) {
        return ret == -ENOENT ? 0 : ret;
    }
    /* Other file systems may not change the ctime with the contents. */
    cached = local_dev_never_hangs(export, holder.dev);
    if (cached && cred_cache_get(export->creds, &holder, values)) {
        if (export->watch && !cred->nameless) {
            cred_watch_add(export->watch, cred, attr, fd, &holder, values);
        }
        return 0;
    }
    if (!fs_call_may_wait(call, FS_WAIT_STORAGE)) {
        return -EAGAIN;
    }
    ret = export->policy->load(cred, attr, fd, values);
    if (ret == 0 && cached) {
        cred_cache_put(export->creds, &holder, &before, values);
    }
    return ret;
}

/*
 * A directory that has subdirectories, on a file system that counts them, has
 * more than two links.  What is hidden may be among them.
 */
void local_hide_links(LocalExport *export, int fd, const HostStat *st,
                      FsAttr *attr)
{
    struct timespec before;
    CredValues values = { 0 };
    int ret;

    if (!export->policy->hidden_links || !S_ISDIR(st->mode) ||
        st->nlink <= 2) {
        return;
    }
    if (!cred_cache_get(export->creds, st, &values)) {
        before = cred_cache_clock();
        ret = export->policy->hidden_links(fd);
        if (ret < 0) {
            return;
        }
        values.hidden_links = ret;
        if (local_dev_never_hangs(export, st->dev)) {
            cred_cache_put(export->creds, st, &before, &values);
        }
    }
    attr->nlink -= values.hidden_links;
}

void local_cred_overlay(LocalExport *export, const CredValues *values,
                        FsAttr *attr)
{
    cred_overlay(attr, values);
    if (local_is_whiteout(export, attr->mode, attr->rdev)) {
        g_atomic_int_set(&export->whiteouts, 1);
    }
}

static bool is_something(const CredValues *values)
{
    return values->valid || values->has_rdev || values->whiteouts;
}

/*
 * Put on @attr what is kept for an object that has lost its name, or what is
 * stored for its other names.
 */
static int orphan_attr(const FsCall *call, LocalExport *export,
                       LocalObject *obj, const HostStat *st, FsAttr *attr)
{
    CredValues *values = &obj->stored;
    int ret;

    *values = (CredValues) { 0 };
    if (!local_orphan_is(export, obj->node, &obj->cred.held_fd)) {
        return 0;
    }
    local_orphan_load(export, obj->node, attr);
    ret = local_cred_load(call, export, &obj->cred, st, attr, values);
    if (ret == 0) {
        local_cred_overlay(export, values, attr);
    }
    return ret;
}

int local_object_attr(const FsCall *call, LocalExport *export, LocalObject *obj,
                      HostStat *st, FsAttr *attr)
{
    CredValues *values = &obj->stored;
    int holder;
    int ret = 0;

    *values = (CredValues) { 0 };
    if (obj->has_st) {
        /* Once only, as it may be out of date the next time. */
        obj->has_st = false;
        *st = obj->st;
    } else {
        ret = host_stat(obj->cred.fd, st);
    }
    if (ret < 0) {
        return ret;
    }
    obj->seen_ctime = cred_cache_ns(&st->ctime);
    local_attr_from_host(attr, st);
    if (!obj->cred.nameless) {
        ret = local_cred_load(call, export, &obj->cred, st, attr, values);
    }
    /* Without values it makes no difference which object has the name. */
    if (export->policy->beside &&
        (ret < 0 || is_something(values) ||
         local_orphan_is(export, obj->node, &holder))) {
        int nameless = local_object_nameless(export, obj);

        if (nameless > 0) {
            return orphan_attr(call, export, obj, st, attr);
        }
        ret = ret < 0 ? ret : nameless;
    }
    if (ret == 0) {
        local_cred_overlay(export, values, attr);
    }
    return ret;
}

/* Owner and mode as @attr has them. */
static CredValues values_of(const FsAttr *attr)
{
    return (CredValues) {
        .valid = FS_SET_UID | FS_SET_GID | FS_SET_MODE,
        .uid = attr->uid, .gid = attr->gid, .mode = attr->mode,
    };
}

void local_object_restore(LocalExport *export, LocalObject *obj,
                          const FsAttr *attr, uint32_t valid)
{
    CredValues host = values_of(attr);
    const CredValues *before = export->policy->fake_special ? &obj->stored
                                                            : &host;

    /* Known since the store. */
    int nameless = local_object_nameless(export, obj);

    if (nameless == 0 || (nameless > 0 && obj->cred.held_fd > 0)) {
        export->policy->restore(&obj->cred, before, valid);
    }
    if (nameless > 0) {
        local_orphan_change(export, obj->node, attr);
    }
}

/* For an object that has lost its name; its other names share the values. */
static int orphan_store(LocalExport *export, LocalObject *obj,
                        const FsAttr *attr, const CredValues *values)
{
    FsAttr changed = *attr;
    int ret = 0;

    if (obj->cred.held_fd > 0) {
        ret = export->policy->store(&obj->cred, values, &obj->stored);
    }
    if (ret == 0) {
        cred_overlay(&changed, values);
        local_orphan_change(export, obj->node, &changed);
    }
    return ret;
}

int local_object_store(LocalExport *export, LocalObject *obj,
                       const FsAttr *attr, const CredValues *values)
{
    CredValues host = values_of(attr);
    const CredValues *before = export->policy->fake_special ? &obj->stored
                                                            : &host;
    int ret = local_object_nameless(export, obj);
    int holder;

    if (ret > 0) {
        ret = orphan_store(export, obj, attr, values);
    } else if (ret == 0) {
        obj->cred.held = local_orphan_is(export, obj->node, &holder);
        ret = export->policy->store(&obj->cred, values, before);
    }
    if ((values->valid & FS_SET_MODE) &&
        (values->mode & (S_ISUID | S_ISGID))) {
        g_atomic_int_inc(&export->setid_count);
    }
    return ret;
}

void local_attr_identify(FsAttr *attr, Name *name)
{
    const Node *node = name_node(name);
    NodeIdentity identity;

    if (node_is_weak(node)) {
        identity = node_identity(node);
        attr->dev = identity.dev;
        attr->ino = identity.ino;
        attr->twin = identity.twin;
        attr->mark = identity.mark;
    }
}

void local_attr_from_host(FsAttr *attr, const HostStat *st)
{
    *attr = (FsAttr) {
        .valid = st->has_btime ? FS_ATTR_BTIME : 0,
        .mode = st->mode,
        .uid = st->uid,
        .gid = st->gid,
        .nlink = st->nlink,
        .dev = st->dev,
        .ino = st->ino,
        .rdev = st->rdev,
        .size = st->size,
        .blocks = st->blocks,
        .blksize = st->blksize,
        .atime = st->atime,
        .mtime = st->mtime,
        .ctime = st->ctime,
        .btime = st->btime,
    };
}

int local_name_attr(const FsCall *call, Name *name, LocalFile *file,
                    unsigned flags, FsAttr *attr)
{
    LocalExport *export = local_export_of(name);
    LOCAL_OBJECT obj = { 0 };
    HostStat st;
    int ret = local_object_get(call, name, file, LOCAL_READ, &obj);

    if (ret == 0) {
        ret = local_object_attr(call, export, &obj, &st, attr);
        local_attr_identify(attr, name);
    }
    if (ret == 0 && !(flags & FS_OWNER_ONLY)) {
        local_hide_links(export, obj.cred.fd, &st, attr);
    }
    return ret;
}

int local_guest_type(const FsCall *call, Name *name, uint32_t *type)
{
    LocalExport *export = local_export_of(name);
    FsAttr attr;
    int ret;

    *type = node_type(name_node(name));
    /* Only a regular file can represent another type. */
    if (!export->policy->fake_special || *type != S_IFREG) {
        return 0;
    }
    ret = local_name_attr(call, name, NULL, FS_OWNER_ONLY, &attr);
    if (ret == 0) {
        *type = attr.mode & S_IFMT;
    }
    return ret;
}

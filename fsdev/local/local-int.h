/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the local driver share: its types and a few helpers.
 *
 * A LocalFile is an open descriptor; a LocalObject is a node prepared for the
 * credential policy.  Everything here may be called from any thread; a function
 * that may block says so.
 *
 * Locking: for a policy that stores values beside the file, one operation
 * consists of several system calls.  LocalExport.beside makes it atomic: it is
 * held for writing while a name or a stored value changes, and for reading
 * while a value is loaded.  Other models never take it.  It is taken after the
 * lock of the directory buffer of a LocalFile, and after all descriptors are
 * pinned.
 */
#ifndef FSDEV_LOCAL_INT_H
#define FSDEV_LOCAL_INT_H

#include "fsdev/local/local.h"

typedef struct LocalDir LocalDir;

/* Does an open file support RWF_NOWAIT?  That is found out by trying. */
enum {
    LOCAL_NOWAIT_YES,
    LOCAL_NOWAIT_NEVER,         /* any read may wait */
    LOCAL_NOWAIT_NEEDLESS,      /* in memory: plain reads never wait */
};

typedef struct LocalFile {
    FsFile base;
    int fd;                     /* owned */
    int direct_fd;              /* owned; the same with O_DIRECT, or -1 */
    int flags;                  /* O_ACCMODE and O_APPEND of it */
    HostFsDevs devs;            /* of the file system of a directory */
    gint nowait;                /* atomic */
    gint setid_seen;            /* LocalExport.setid_count, -1: never; atomic */
    LocalDir *dir;              /* owned; NULL unless a directory */
} LocalFile;

/* A scope of LocalExport.beside. */
typedef struct LocalLock {
    GRWLock *lock;              /* NULL: nothing locked */
    bool write;
} LocalLock;

/* A node, with what a CredPolicy needs and with its descriptors pinned. */
typedef struct LocalObject {
    CredObject cred;
    LocalLock lock;             /* of LocalExport.beside */
    Name *self;                 /* borrowed */
    Node *node;                 /* borrowed from the Name */
    Name *pinned;               /* counted */
    Name *parent;               /* counted and pinned */
    HostStat st;                /* of the object, see has_st */
    CredValues stored;          /* before a change; local_object_attr() */
    int64_t seen_ctime;         /* of the object when last looked at, ns */
    bool has_st;                /* st is valid, and was not used yet */
    bool far;                   /* which of the two locks, if any */
    bool leads;                 /* cred.name was found to be the object's */
    char component[NAME_MAX + 1];
} LocalObject;

typedef enum LocalAccess {
    LOCAL_READ,
    LOCAL_WRITE,
} LocalAccess;

static inline LocalFile *local_file(FsFile *file)
{
    return container_of(file, LocalFile, base);
}

static inline LocalExport *local_export_of(Name *name)
{
    return local_export(name_to_fs(name)->export);
}

static inline bool local_hidden(const LocalExport *export, const char *name)
{
    return export->policy->hidden && export->policy->hidden(name);
}

/* Does a call on this device never wait for a server or another process? */
static inline bool local_dev_never_hangs(const LocalExport *export,
                                         uint64_t dev)
{
    return export->root_is_local && dev == export->root_dev;
}

static inline bool local_never_hangs(const LocalExport *export,
                                     const Node *node)
{
    return local_dev_never_hangs(export, node_dev(node));
}

/*
 * How long a call on @node may have to wait.  Without openat2(2) any lookup may
 * cross a mount point.
 */
static inline FsWait local_node_reach(const LocalExport *export,
                                      const Node *node)
{
    return local_never_hangs(export, node) && host_features()->openat2
           ? FS_WAIT_STORAGE : FS_WAIT_ANYTHING;
}

/*
 * May @call use @node?  A call that must not wait at all looks names up
 * with RESOLVE_CACHED only; values beside the file may have to come from a
 * disk.
 */
static inline bool local_may_use(const FsCall *call,
                                 const LocalExport *export, const Node *node)
{
    return fs_call_may_wait(call, FS_WAIT_STORAGE)
           ? fs_call_may_wait(call, local_node_reach(export, node))
           : local_never_hangs(export, node) && !export->policy->beside;
}

/* Is LocalExport.beside_far the lock for what is done in @dir? */
static inline bool local_is_far(const LocalExport *export, Name *dir)
{
    return !local_never_hangs(export, name_node(dir));
}

/* The identity of a directory, for a CredObject. */
static inline CredDir local_cred_dir(const Node *node)
{
    return (CredDir) {
        .dev = node_dev(node), .ino = node_ino(node),
        .mnt_id = node_mnt_id(node),
    };
}

static inline bool local_same_object(const HostStat *a, const HostStat *b)
{
    return a->dev == b->dev && a->ino == b->ino;
}

/* Is an object with @mode and @rdev a whiteout that needs a mark? */
static inline bool local_is_whiteout(const LocalExport *export, uint32_t mode,
                                     uint64_t rdev)
{
    return export->policy->fake_special && S_ISCHR(mode) && rdev == 0;
}

/* local-devs.c */

void local_devs_init(LocalExport *export, int root_fd);
void local_devs_exit(LocalExport *export);
/** local_dev_learn: what local_meet_dev() does where @dev is not excluded. */
void local_dev_learn(LocalExport *export, uint64_t dev, int fd);

/* local-pin.c */

/** local_pin_fd: like local_pin(), but does not check what @call permits. */
int local_pin_fd(const FsCall *call, LocalPin *pin, Name *name);
/**
 * local_reopen: like host_reopen(), but -EAGAIN if there is a lease on the file
 * and @call may not wait for anything.
 */
int local_reopen(const FsCall *call, int pathfd, int flags);

/* local-lookup.c */

/** local_find: do what fs_lookup() does, and return the Name itself. */
int local_find(const FsCall *call, Name *dir, const char *component,
               Name **name, FsAttr *attr);

/* local-object.c */

/**
 * local_lock: take LocalExport.beside or, with @far, beside_far, if the policy
 * needs one.  All path fds that will be used are pinned before.  -EAGAIN when
 * @call may not wait for the thread that holds the lock.
 */
int local_lock(const FsCall *call, LocalExport *export, bool far, bool write,
               LocalLock *lock);
void local_unlock(LocalLock *lock);
#define LOCAL_LOCK __attribute__((cleanup(local_unlock), unused)) LocalLock

/**
 * local_object_get: prepare the object of @name for the policy, by the
 * descriptor of @file unless that is NULL, and lock it for @access.
 */
int local_object_get(const FsCall *call, Name *name, LocalFile *file,
                     LocalAccess access, LocalObject *obj);
void local_object_put(LocalObject *obj);
#define LOCAL_OBJECT __attribute__((cleanup(local_object_put))) LocalObject

/** local_object_attr: the attributes for the guest; *@st: those of the host. */
int local_object_attr(const FsCall *call, LocalExport *export, LocalObject *obj,
                      HostStat *st, FsAttr *attr);
/**
 * local_name_seen: @name was found to lead to an object with attributes @st
 * after cred_cache_clock() had returned @before.
 */
void local_name_seen(Name *name, const HostStat *st,
                     const struct timespec *before);
/**
 * local_object_nameless: does the name no longer lead to the object?  Returns
 * 1 or 0, or an error when that cannot be found out.
 */
int local_object_nameless(const LocalExport *export, LocalObject *obj);
/**
 * local_object_store: store @values by the policy, or for an object without a
 * name in the table of orphans.  local_object_attr() has returned @attr.  If it
 * fails, nothing has changed.  Context: @obj is locked for LOCAL_WRITE.
 */
int local_object_store(LocalExport *export, LocalObject *obj,
                       const FsAttr *attr, const CredValues *values);
/**
 * local_object_restore: take a local_object_store() of the values that @valid
 * selects back, by the same @attr.  Context: as there.
 */
void local_object_restore(LocalExport *export, LocalObject *obj,
                          const FsAttr *attr, uint32_t valid);

/**
 * local_cred_load: the values that are stored for the object of @cred, whose
 * attributes on the host are @st and @attr.  There are none for models that
 * store nothing.  Context: LocalExport.beside is held.
 */
int local_cred_load(const FsCall *call, LocalExport *export,
                    const CredObject *cred, const HostStat *st,
                    const FsAttr *attr, CredValues *values);
/**
 * local_hide_links: leave hidden subdirectories out of the links of @attr, if
 * that is a directory, whose descriptor is @fd and attributes on the host @st.
 * Context: may wait for the storage of @fd.
 */
void local_hide_links(LocalExport *export, int fd, const HostStat *st,
                      FsAttr *attr);
/** local_cred_overlay: put stored @values on @attr. */
void local_cred_overlay(LocalExport *export, const CredValues *values,
                        FsAttr *attr);
/** local_name_attr: attributes of @name; @flags are those of fs_getattr(). */
int local_name_attr(const FsCall *call, Name *name, LocalFile *file,
                    unsigned flags, FsAttr *attr);
/** local_guest_type: the S_IFMT bits that the guest sees. */
int local_guest_type(const FsCall *call, Name *name, uint32_t *type);

/* local-setattr.c */

/**
 * local_truncate: cut the regular file of @obj to nothing, and drop set-id bits
 * and its capability.
 *
 * @fd is a writable descriptor of it, or -1.  On success *@attr is what the
 * guest saw of it before.  Context: @obj is locked for LOCAL_WRITE.
 */
int local_truncate(const FsCall *call, LocalExport *export, LocalObject *obj,
                   int fd, FsAttr *attr);
/**
 * local_drop_setid: drop set-id bits and security.capability, as a local file
 * system does when an ordinary user changes the data.  The kernel does not
 * clear the bits when the writer is root, which this process may be.  They stay
 * dropped when the data cannot be changed then, as on Linux: to give them back
 * would race with a change that succeeds.
 * Context: @obj is locked for LOCAL_WRITE.
 */
int local_drop_setid(LocalExport *export, LocalObject *obj,
                     const HostStat *st, const FsAttr *attr);

/* local-create.c */

/** local_check_new: may @component be made or removed in the export of @dir? */
int local_check_new(Name *dir, const char *component);

/* local-new.c */

/**
 * local_new_finish: store @values for the new object @cred and set *@attr to
 * what the guest sees then.  *@st is what the host has made, for models that
 * set values on the host; what it has set correctly is not set again.  After an
 * error, the caller removes the object.  Context: may block.
 */
int local_new_finish(LocalExport *export, CredObject *cred,
                     const CredValues *values, HostStat *st, FsAttr *attr);
/**
 * local_new_undo: remove the new object, unless another one has its name now.
 * It takes no further descriptor, as these may be short.  Context: may block.
 */
void local_new_undo(LocalExport *export, const CredObject *cred);
/**
 * local_new_adopt: set owner and mode of what mkdirat(2), mknodat(2) or
 * symlinkat(2) has made, or remove it.  Where owners are optional, a file
 * system that does not store them is not an error.  Context: may block.
 */
int local_new_adopt(LocalExport *export, int dirfd, const char *component,
                    const CredValues *values, FsAttr *attr);

/* local-io.c */

/**
 * local_open_name: do what fs_open_attr() does, with the types of this driver.
 * @attr may be NULL.
 */
int local_open_name(const FsCall *call, LocalExport *export, Name *name,
                    int flags, LocalFile **file, FsAttr *attr);

/* local-dir.c */

LocalDir *local_dir_new(void);
void local_dir_free(LocalExport *export, LocalDir *dir);

/* local-whiteout.c */

/**
 * local_whiteout_mark: to be called before a whiteout is made in @dir.  Returns
 * 0, or -EAGAIN when @call may not wait for as long as that takes.
 */
int local_whiteout_mark(const FsCall *call, LocalExport *export, Name *dir);
/**
 * local_whiteout_follow: to be called before @component of @dir, whose
 * descriptor is @dirfd, gets a name in @newdir, which is marked if that is a
 * whiteout.  Returns what local_whiteout_mark() does.
 */
int local_whiteout_follow(const FsCall *call, LocalExport *export, Name *dir,
                          int dirfd, const char *component, Name *newdir);
/**
 * local_whiteouts_in: is @dir, open as @file, marked?  Returns 1 or 0, or
 * -EAGAIN as above.
 */
int local_whiteouts_in(const FsCall *call, Name *dir, LocalFile *file);
/**
 * local_whiteout_type: the type (DT_*) of @component of @dir, which is open as
 * @dirfd.  It is a regular file on the host.  DT_UNKNOWN if it is not empty, as
 * a whiteout is.  Context: a thread that may wait for anything.
 */
uint8_t local_whiteout_type(const FsCall *call, LocalExport *export, Name *dir,
                            int dirfd, const char *component);

/* local-xattr.c */

/* The value of security.capability, to give it back. */
typedef struct LocalCapability {
    ssize_t size;               /* ≤ 0: there was none */
    char value[64];             /* the kernel's have at most 24 bytes */
} LocalCapability;

/**
 * local_keeps_capability: does the host's kernel not drop the guest's
 * security.capability when it has to be dropped?
 */
bool local_keeps_capability(const LocalExport *export);
/**
 * local_capability: read the security.capability of @obj, that of the guest or
 * the host's.  Context: may block.
 */
void local_capability(const LocalExport *export, const LocalObject *obj,
                      LocalCapability *capability);
/**
 * local_drop_capability: drop it if local_keeps_capability(); *@dropped is what
 * was dropped.  Context: may block.
 */
int local_drop_capability(const LocalExport *export, const LocalObject *obj,
                          LocalCapability *dropped);
/** local_restore_capability: set it again, also that of the host. */
void local_restore_capability(const LocalExport *export,
                              const LocalObject *obj,
                              const LocalCapability *capability);

/*
 * local-orphan.c: values of files that are in use but have lost a name, for
 * policies that store values beside a name.
 */
GHashTable *local_orphans_new(void);
/**
 * local_orphan_keep: keep @attr, which the guest has seen of the object of
 * @node, and the path fd @holder (taken over) of the inode that holds the
 * values of its other names, or -1.
 */
void local_orphan_keep(LocalExport *export, const Node *node,
                       const FsAttr *attr, int holder);
/** local_orphan_change: the guest has changed the owner or mode to @attr. */
void local_orphan_change(LocalExport *export, const Node *node,
                         const FsAttr *attr);
/** local_orphan_load: change @attr to what is kept for the object, if any. */
void local_orphan_load(LocalExport *export, const Node *node, FsAttr *attr);
/**
 * local_orphan_is: is anything kept for the object of @node?  *@holder is its
 * descriptor (borrowed, for as long as the object's lock is held), 0 if none.
 */
bool local_orphan_is(LocalExport *export, const Node *node, int *holder);
/** local_orphan_drop: @node is gone. */
void local_orphan_drop(LocalExport *export, const Node *node);

/* Entries of fs_local_driver that no other driver uses. */

int local_open(const FsCall *call, FsNode *node, int flags, FsFile **file);
int local_locker_open(const FsCall *call, FsFile *file, bool may_write,
                      FsLocker **locker);
int local_create(const FsCall *call, FsNode *dir, const char *name, int flags,
                 uint32_t mode, FsNode **node, FsFile **file, FsAttr *attr);
int local_mkdir(const FsCall *call, FsNode *dir, const char *name,
                uint32_t mode, FsAttr *attr);
int local_mknod(const FsCall *call, FsNode *dir, const char *name,
                uint32_t mode, uint64_t rdev, FsAttr *attr);
int local_symlink(const FsCall *call, FsNode *dir, const char *name,
                  const char *target, FsAttr *attr);
int local_link(const FsCall *call, FsNode *node, FsNode *dir, const char *name);
int local_unlink(const FsCall *call, FsNode *dir, const char *name,
                 bool is_dir);
int local_rename(const FsCall *call, FsNode *dir, const char *name,
                 FsNode *newdir, const char *newname);
int local_setattr(const FsCall *call, FsNode *node, FsFile *file,
                  const FsSetattr *set);
ssize_t local_getxattr(const FsCall *call, FsNode *node, const char *name,
                       void *buf, size_t size);
ssize_t local_listxattr(const FsCall *call, FsNode *node, char *buf,
                        size_t size);
int local_setxattr(const FsCall *call, FsNode *node, const char *name,
                   const void *value, size_t size, int flags);
int local_removexattr(const FsCall *call, FsNode *node, const char *name);

#endif

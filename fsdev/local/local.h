/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the local driver share: its types and a few helpers.
 *
 * Private to fsdev/local*.c and to the proxy, which does the same work with
 * descriptors that it gets from somebody else.  A LocalExport joins a tree of
 * nodes (node.h) with one credential policy (cred.h); a LocalFile is an open
 * descriptor; a LocalObject is a node made ready for the policy.  Everything
 * here may be called from any thread; what may block says so.
 *
 * Locking: for a policy that keeps values beside the file, one operation is
 * two or more host calls.  LocalExport.beside makes them one for all others:
 * written by whatever changes a name or a stored value, read by whatever loads
 * one.  Other models never take it.  It is taken after the lock of a
 * LocalFile's directory buffer, and once all descriptors are pinned.
 */
#ifndef FSDEV_LOCAL_H
#define FSDEV_LOCAL_H

#include "fsdev/core/fsdriver.h"
#include "fsdev/node/node.h"
#include "fsdev/cred/cred.h"
#include "fsdev/cred/cred-cache.h"
#include "fsdev/host/host-fs.h"

typedef struct LocalExport {
    FsExport base;
    const CredPolicy *policy;
    NodeTable *table;           /* owned */
    uint64_t root_dev;
    bool root_is_local;         /* the root's file system never hangs */
    HostFsDevs root_devs;       /* of the root's file system */
    bool ctimes_tell;           /* … which changes them in a rename, too */
    /*
     * See above.  `beside' is for near objects, which are on the root's device
     * as is their directory.  Its holder waits for that device only and so does
     * not cross a mount point.  `beside_far' is for all others: its holder may
     * hang for ever.  No thread takes both.
     */
    GRWLock beside;
    GRWLock beside_far;
    CredCache *creds;           /* owned; NULL: the host has all values */
    /*
     * Counts the times set-id bits or a capability may have been stored by a
     * mapped model: a file that was seen without them at this count has none.
     * Atomic.
     */
    gint setid_count;
    gint whiteouts;             /* one was made or seen; atomic */
    gint nowait;                /* LOCAL_NOWAIT_* on root_dev; atomic */
    gint made_uid;              /* owner that the host gave a new file last; */
    gint made_gid;              /* atomic, a guess */
    GMutex orphan_lock;
    GHashTable *orphans;        /* owned; guarded by orphan_lock */
} LocalExport;

typedef struct LocalDir LocalDir;

/* Does an open file know RWF_NOWAIT?  Learnt by trying. */
enum {
    LOCAL_NOWAIT_YES,
    LOCAL_NOWAIT_NEVER,         /* reads have to go to a worker */
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

/* A node with what a CredPolicy needs, its descriptors pinned. */
typedef struct LocalObject {
    CredObject cred;
    LocalLock lock;             /* of LocalExport.beside */
    Name *self;                 /* borrowed */
    Node *node;                 /* borrowed from the Name */
    Name *pinned;               /* counted */
    Name *parent;               /* counted and pinned */
    HostStat st;                /* of the object, see has_st */
    int64_t seen_ctime;         /* of the object when last looked at, ns */
    bool has_st;                /* not used yet */
    bool far;                   /* which lock of the two, if any */
    bool leads;                 /* cred.name was seen to be the object's */
    char component[NAME_MAX + 1];
} LocalObject;

typedef enum LocalAccess {
    LOCAL_READ,
    LOCAL_WRITE,
} LocalAccess;

/* A pinned path fd, unpinned at the end of its scope. */
typedef struct LocalPin {
    Name *name;                 /* borrowed; NULL: nothing pinned */
    int fd;
} LocalPin;

static inline void local_unpin(LocalPin *pin)
{
    if (pin->name) {
        name_fd_put(pin->name);
    }
}
#define LOCAL_PIN __attribute__((cleanup(local_unpin))) LocalPin

static inline LocalExport *local_export(FsExport *export)
{
    return container_of(export, LocalExport, base);
}

static inline LocalExport *local_export_of(Name *name)
{
    return local_export(name_to_fs(name)->export);
}

static inline bool local_hidden(const LocalExport *export, const char *name)
{
    return export->policy->hidden && export->policy->hidden(name);
}

/* A call on this file system never waits for a third party. */
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
 * May @call use @node?  A call that must not wait at all looks nothing up on
 * the host but by RESOLVE_CACHED; values beside the file may have to come from
 * a disk.
 */
static inline bool local_may_use(const FsCall *call,
                                 const LocalExport *export, const Node *node)
{
    return call->wait == FS_WAIT_NEVER
           ? local_never_hangs(export, node) && !export->policy->beside
           : call->wait >= local_node_reach(export, node);
}

static inline int local_pin_fd(const FsCall *call, LocalPin *pin, Name *name)
{
    int fd = name_fd_get(call, name);

    if (fd < 0) {
        return fd;
    }
    *pin = (LocalPin) { .name = name, .fd = fd };
    return 0;
}

/** local_pin_at_hand: @name's path fd if it is cached, or -EAGAIN. */
static inline int local_pin_at_hand(LocalPin *pin, Name *name)
{
    const FsCall call = { .wait = FS_WAIT_NEVER };

    return local_pin_fd(&call, pin, name);
}

/**
 * local_pin: @name's path fd, until the end of the scope of @pin, to work on it
 * with calls of the host that take the time which storage does.
 */
static inline int local_pin(const FsCall *call, LocalPin *pin, Name *name)
{
    if (call->wait < local_node_reach(local_export_of(name),
                                      name_node(name))) {
        return -EAGAIN;
    }
    return local_pin_fd(call, pin, name);
}

/* Is LocalExport.beside_far the lock for what is done in @dir? */
static inline bool local_is_far(const LocalExport *export, Name *dir)
{
    return !local_never_hangs(export, name_node(dir));
}

static inline bool local_same_object(const HostStat *a, const HostStat *b)
{
    return a->dev == b->dev && a->ino == b->ino;
}

/* local.c */

/**
 * local_export_init: what a LocalExport begins with.
 *
 * @root_fd (taken over) is a path fd of the exported directory; @remote is
 * the node table's, or NULL.
 */
void local_export_init(LocalExport *export, const FsConfig *config,
                       const CredPolicy *policy, int root_fd,
                       const HostStat *root, const NodeRemoteOps *remote);
/** local_export_exit: frees what is in @export, not @export itself. */
void local_export_exit(LocalExport *export);
/** local_attr_from_host: @st as attributes, nothing overlaid. */
void local_attr_from_host(FsAttr *attr, const HostStat *st);
/** local_find: what fs_lookup() does, with the Name itself. */
int local_find(const FsCall *call, Name *dir, const char *component,
               Name **name, FsAttr *attr);

FsNode *local_root(FsExport *export);
void local_node_ref(FsNode *node);
void local_node_unref(FsNode *node);
FsNode *local_parent(FsNode *node);
FsWait local_reach(FsNode *node);
int local_lookup(const FsCall *call, FsNode *dir, const char *name,
                 FsNode **node, FsAttr *attr);
int local_locate(FsNode *node, FsNode **dir, char *component);
int local_getattr(const FsCall *call, FsNode *node, FsFile *file,
                  unsigned flags, FsAttr *attr);
ssize_t local_readlink(const FsCall *call, FsNode *node, char *buf,
                       size_t size);
int local_statfs(const FsCall *call, FsNode *node, struct statfs *st);

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
 * local_object_get: @name ready for the policy, by the descriptor of @file
 * where there is one, with LocalExport.beside locked for @access.
 */
int local_object_get(const FsCall *call, Name *name, LocalFile *file,
                     LocalAccess access, LocalObject *obj);
void local_object_put(LocalObject *obj);
#define LOCAL_OBJECT __attribute__((cleanup(local_object_put))) LocalObject

/** local_object_attr: what the guest sees; *@st is what the host has. */
int local_object_attr(const FsCall *call, LocalExport *export, LocalObject *obj,
                      HostStat *st, FsAttr *attr);
/**
 * local_name_seen: @name was seen to lead to an object as @st has it, and
 * @before is what cred_cache_clock() said before that.
 */
void local_name_seen(Name *name, const HostStat *st,
                     const struct timespec *before);
/** local_object_nameless: has it lost the name that it was got by? */
bool local_object_nameless(const LocalExport *export, LocalObject *obj);
/**
 * local_object_store: the policy's store, or an orphan's.  @attr is what
 * local_object_attr() told.  Context: @obj was got for LOCAL_WRITE.
 */
int local_object_store(LocalExport *export, LocalObject *obj,
                       const FsAttr *attr, const CredValues *values);

/**
 * local_cred_load: what is stored for the object of @cred; @st and @attr are
 * what the host has of it.  Nothing where the host has all values.
 * Context: LocalExport.beside is held.
 */
int local_cred_load(const FsCall *call, LocalExport *export,
                    const CredObject *cred, const HostStat *st,
                    const FsAttr *attr, CredValues *values);
/** local_cred_overlay: put stored @values on @attr. */
void local_cred_overlay(LocalExport *export, const CredValues *values,
                        FsAttr *attr);
/** local_name_attr: attributes of @name. */
int local_name_attr(const FsCall *call, Name *name, LocalFile *file,
                    FsAttr *attr);
/** local_guest_type: S_IFMT bits as the guest sees them. */
int local_guest_type(const FsCall *call, Name *name, uint32_t *type);

/* local-setattr.c */

int local_setattr(const FsCall *call, FsNode *node, FsFile *file,
                  const FsSetattr *set);
/**
 * local_set_size: cut or extend the regular file of @obj, set-id bits and
 * capability dropped.
 * @fd is a writable descriptor of it, or -1.
 * Context: @obj was got for LOCAL_WRITE.
 */
int local_set_size(const FsCall *call, LocalExport *export, LocalObject *obj,
                   int fd, uint64_t size);
/**
 * local_drop_setid: what a local file system does when data changes and the
 * writer is not privileged: set-id bits and security.capability go.  The kernel
 * spares us, who are root, from the bits.
 * Context: @obj was got for LOCAL_WRITE.
 */
int local_drop_setid(LocalExport *export, LocalObject *obj,
                     const HostStat *st, const FsAttr *attr);

/* local-create.c */

/* A step of local_create_or_open(): 0 or -errno. */
typedef int LocalCreateFn(void *opaque);
/**
 * local_create_or_open: make a file by @create, or open the one that is there
 * by @open unless @flags have O_EXCL.
 *
 * Files that come and go on the host make both fail in turn, so this is tried
 * a few times.  Returns what the last step did.
 */
int local_create_or_open(int flags, LocalCreateFn *create, LocalCreateFn *open,
                         void *opaque);
/** local_check_new: 0 when a new @component may be made in @dir's export. */
int local_check_new(Name *dir, const char *component);
int local_create(const FsCall *call, FsNode *dir, const char *name, int flags,
                 uint32_t mode, FsNode **node, FsFile **file, FsAttr *attr);
int local_mkdir(const FsCall *call, FsNode *dir, const char *name,
                uint32_t mode, FsAttr *attr);
int local_mknod(const FsCall *call, FsNode *dir, const char *name,
                uint32_t mode, uint64_t rdev, FsAttr *attr);
int local_symlink(const FsCall *call, FsNode *dir, const char *name,
                  const char *target, FsAttr *attr);

/* local-names.c */

int local_link(const FsCall *call, FsNode *node, FsNode *dir, const char *name);
int local_unlink(const FsCall *call, FsNode *dir, const char *name,
                 bool is_dir);
int local_rename(const FsCall *call, FsNode *dir, const char *name,
                 FsNode *newdir, const char *newname);

/* local-io.c */

/**
 * local_file_new: @fd (taken over, accounted) as an open file of @name, with a
 * second one where @flags have O_DIRECT and the host can do it.
 * Context: may block.
 */
LocalFile *local_file_new(LocalExport *export, Name *name, int fd, int flags);
/**
 * local_reopen: as host_reopen(); whoever holds a lease on the file is awaited
 * only by a call that may wait for anything, else -EAGAIN.
 */
int local_reopen(const FsCall *call, int pathfd, int flags);
/**
 * local_check_open: may @flags be asked for what has @type as the guest sees
 * it, and what of them, without O_TRUNC, is for the host?
 */
int local_check_open(const LocalExport *export, uint32_t type, int flags,
                     int *host_flags);
/** local_open_name: what fs_open() does, with our own types. */
int local_open_name(const FsCall *call, LocalExport *export, Name *name,
                    int flags, LocalFile **file);
int local_open(const FsCall *call, FsNode *node, int flags, FsFile **file);
int local_open_attr(const FsCall *call, FsNode *node, int flags, FsFile **file,
                    FsAttr *attr);
ssize_t local_read(const FsCall *call, FsFile *file, const struct iovec *iov,
                   int iovcnt, uint64_t offset);
ssize_t local_write(const FsCall *call, FsFile *file, const struct iovec *iov,
                    int iovcnt, uint64_t offset);
int local_fsync(const FsCall *call, FsFile *file, bool datasync);
void local_release(FsFile *file);

/* local-lock.c */

/* A descriptor of the object of @file, the caller's own, or -errno. */
typedef int LocalOpenFn(const FsCall *call, FsFile *file, int flags);
/**
 * local_locker_open_by: as fs_locker_open(), with a descriptor that @open
 * opens for writing or, where that is not allowed, for reading.
 */
int local_locker_open_by(const FsCall *call, FsFile *file, LocalOpenFn *open,
                         FsLocker **locker);
int local_locker_open(const FsCall *call, FsFile *file, FsLocker **locker);
void local_locker_close(FsLocker *locker);
int local_lock_range(const FsCall *call, FsLocker *locker, const FsLock *lock);
int local_getlock(const FsCall *call, FsLocker *locker, FsLock *lock);

/* local-dir.c */

LocalDir *local_dir_new(void);
void local_dir_free(LocalDir *dir);
int local_readdir(const FsCall *call, FsFile *file, uint64_t cookie,
                  unsigned flags, FsDirSink *sink, void *opaque);

/* local-whiteout.c */

/** local_is_whiteout: does @mode with @rdev make one that needs a mark? */
bool local_is_whiteout(const LocalExport *export, uint32_t mode,
                       uint64_t rdev);
/**
 * local_whiteout_mark: @dir is about to get one.  Returns 0, or -EAGAIN when
 * @call may not wait for as long as that takes.
 */
int local_whiteout_mark(const FsCall *call, LocalExport *export, Name *dir);
/**
 * local_whiteout_follow: @component of @dir, whose descriptor is @dirfd, is
 * about to get a name in @newdir, which is marked if it is one.  As above.
 */
int local_whiteout_follow(const FsCall *call, LocalExport *export, Name *dir,
                          int dirfd, const char *component, Name *newdir);
/**
 * local_whiteouts_in: is @dir, open as @file, marked?  1 or 0, or -EAGAIN as
 * above.
 */
int local_whiteouts_in(const FsCall *call, Name *dir, LocalFile *file);
/**
 * local_whiteout_type: DT_* of @component of @dir, open as @dirfd, a regular
 * file on the host; DT_UNKNOWN unless it is empty as a whiteout is.  Context: a
 * thread that may wait for anything.
 */
uint8_t local_whiteout_type(const FsCall *call, LocalExport *export, Name *dir,
                            int dirfd, const char *component);

/* local-xattr.c */

ssize_t local_getxattr(const FsCall *call, FsNode *node, const char *name,
                       void *buf, size_t size);
ssize_t local_listxattr(const FsCall *call, FsNode *node, char *buf,
                        size_t size);
int local_setxattr(const FsCall *call, FsNode *node, const char *name,
                   const void *value, size_t size, int flags);
int local_removexattr(const FsCall *call, FsNode *node, const char *name);
/**
 * local_drop_capability: the guest's security.capability of @obj, where we are
 * who keeps it; the host's own is dropped by the host's kernel.
 * Context: may block.
 */
int local_drop_capability(LocalExport *export, const LocalObject *obj);

/*
 * local-orphan.c: values of files that have no name left but are open, for
 * policies that keep values beside a name.
 */
GHashTable *local_orphans_new(void);
/** local_orphan_keep: @attr is what the guest saw last of the object. */
void local_orphan_keep(LocalExport *export, const FsAttr *attr);
/** local_orphan_load: overlay what is kept on @attr, if anything is. */
void local_orphan_load(LocalExport *export, FsAttr *attr);
/** local_orphan_is: is anything kept for the object of @attr? */
bool local_orphan_is(LocalExport *export, const FsAttr *attr);
/** local_orphan_drop: nobody has the object of @node open any more. */
void local_orphan_drop(LocalExport *export, const Node *node);

#endif

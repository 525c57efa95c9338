/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the local driver offers to drivers of other files of the host.
 *
 * The proxy does most of its work with descriptors that it receives from its
 * helper, and the helper serves an export of the local driver.  Both use the
 * functions below; what only the files of fsdev/local share is in local-int.h.
 *
 * A LocalExport combines a tree of nodes (node.h) with one credential policy
 * (cred.h).  A driver that has one at the beginning of its own export can use
 * those functions below that have the signature of a driver entry as its own
 * entries, or call them from there.  Context: any thread; a function waits for
 * as long as its FsCall permits, and one without an FsCall does not block
 * unless its comment says so.
 */
#ifndef FSDEV_LOCAL_H
#define FSDEV_LOCAL_H

#include "fsdev/core/fsdriver.h"
#include "fsdev/node/node.h"
#include "fsdev/cred/cred.h"
#include "fsdev/cred/cred-cache.h"
#include "fsdev/cred/cred-watch.h"
#include "fsdev/host/host-fs.h"

/* Everything after base is private to fsdev/local. */
typedef struct LocalExport {
    FsExport base;
    const CredPolicy *policy;
    NodeTable *table;           /* owned */
    uint64_t root_dev;
    bool root_is_local;         /* the root's file system never hangs */
    HostFsDevs root_devs;       /* of the root's file system */
    bool ctimes_tell;           /* a rename there changes the ctime, too */
    /*
     * See above.  `beside' is for near objects, which are on the root's device
     * as is their directory.  Its holder waits for that device only and so does
     * not cross a mount point.  `beside_far' is for all others: its holder may
     * hang for ever.  No thread takes both.
     */
    GRWLock beside;
    GRWLock beside_far;
    CredCache *creds;           /* owned; NULL: the host has all values */
    CredWatch *watch;           /* owned; NULL: none are beside files */
    /*
     * How often set-id bits or a capability may have been stored that the
     * host's kernel does not drop.  A file that had none at a certain count has
     * none while the count stays the same.  Atomic.
     */
    gint setid_count;
    bool tracks_setid;          /* there can be such */
    gint whiteouts;             /* one was made or found; atomic */
    gint nowait;                /* LOCAL_NOWAIT_* on root_dev; atomic */
    gint made_uid;              /* owner that the host gave to the last new */
    gint made_gid;              /* file, for an estimate; atomic */
    GMutex devs_lock;
    GHashTable *devs;           /* owned; guarded by devs_lock */
    GMutex orphan_lock;
    GHashTable *orphans;        /* owned; guarded by orphan_lock */
    gint orphan_count;          /* of entries; written locked, read atomic */
} LocalExport;

static inline LocalExport *local_export(FsExport *export)
{
    return container_of(export, LocalExport, base);
}

/* local-export.c */

/**
 * local_export_init: initialize @export.
 *
 * @root_fd (taken over) is a path fd of the exported directory; @remote is for
 * the node table, or NULL.
 */
void local_export_init(LocalExport *export, const FsConfig *config,
                       const CredPolicy *policy, int root_fd,
                       const HostStat *root, const NodeRemoteOps *remote);
/** local_export_exit: free what @export contains, but not @export itself. */
void local_export_exit(LocalExport *export);
/** local_table: the nodes of an export that begins with a LocalExport. */
NodeTable *local_table(FsExport *export);
FsNode *local_root(FsExport *export);
void local_node_ref(FsNode *node);
void local_node_unref(FsNode *node);
FsNode *local_parent(FsNode *node);
FsWait local_reach(FsNode *node);
int local_locate(FsNode *node, FsNode **dir, char *component);
void local_identity(FsNode *node, FsIdentity *identity);
int local_is_dead(const FsCall *call, FsNode *node);
int local_place(FsNode *node, FsNode **place, char *component);
void local_usage(FsExport *export, FsUsage *usage);

/* local-devs.c */

/**
 * local_meet_dev: to be called for each object that is looked up.
 *
 * @fd is a descriptor of it, and @dev its device.  -ENODEV when
 * multidevs=forbid excludes objects on that device from @export.  For a device
 * that has not been met before it may wait as long as a lookup there.
 */
int local_meet_dev(FsExport *export, uint64_t dev, int fd);
bool local_dev_id(FsExport *export, uint64_t dev, uint64_t *id);

/* local-pin.c */

/* A pinned path fd, unpinned at the end of its scope. */
typedef struct LocalPin {
    Name *name;                 /* borrowed; NULL: nothing pinned */
    int fd;
} LocalPin;
#define LOCAL_PIN __attribute__((cleanup(local_unpin))) LocalPin

/**
 * local_pin: pin the path fd of @name, to make system calls on it that take as
 * long as storage does.
 */
int local_pin(const FsCall *call, LocalPin *pin, Name *name);
/** local_pin_at_hand: the same if it is cached, else -EAGAIN. */
int local_pin_at_hand(LocalPin *pin, Name *name);
void local_unpin(LocalPin *pin);

/* local-lookup.c, local-object.c */

/** local_attr_from_host: the attributes in @st, without stored values. */
void local_attr_from_host(FsAttr *attr, const HostStat *st);
/** local_attr_identify: put the identity of the object of @name on @attr. */
void local_attr_identify(FsAttr *attr, Name *name);
int local_lookup(const FsCall *call, FsNode *dir, const char *name,
                 FsNode **node, FsAttr *attr);
int local_peek(const FsCall *call, FsNode *dir, const char *name, FsAttr *attr);
int local_getattr(const FsCall *call, FsNode *node, FsFile *file,
                  unsigned flags, FsAttr *attr);
ssize_t local_readlink(const FsCall *call, FsNode *node, char *buf,
                       size_t size);
int local_statfs(const FsCall *call, FsNode *node, struct statfs *st);

/* local-io.c, local-dir.c */

/**
 * local_file_new: make an open file of @name from @fd (taken over, accounted),
 * with a second descriptor if O_DIRECT is among @flags and the host supports
 * it.  Context: may block.
 */
FsFile *local_file_new(LocalExport *export, Name *name, int fd, int flags);
/** local_file_fd: the descriptor of @file, borrowed. */
int local_file_fd(FsFile *file);
/** local_file_attr: the attributes of the object of the open @file. */
int local_file_attr(const FsCall *call, FsFile *file, FsAttr *attr);
/**
 * local_has_root_dev: are all entries of the open directory @file that are not
 * mount points on the device of the root, with the inode numbers that the
 * directory says?
 */
bool local_has_root_dev(FsFile *file);
/**
 * local_check_open: may an object that has @type for the guest be opened with
 * @flags?  *@host_flags is set to those that apply on the host, without
 * O_TRUNC.
 */
int local_check_open(const LocalExport *export, uint32_t type, int flags,
                     int *host_flags);
int local_open_attr(const FsCall *call, FsNode *node, int flags, FsFile **file,
                    FsAttr *attr);
ssize_t local_read(const FsCall *call, FsFile *file, const struct iovec *iov,
                   int iovcnt, uint64_t offset);
ssize_t local_write(const FsCall *call, FsFile *file, const struct iovec *iov,
                    int iovcnt, uint64_t offset);
int local_fsync(const FsCall *call, FsFile *file, bool datasync);
int local_length(FsFile *file, uint64_t *length);
void local_release(FsFile *file);
int local_readdir(const FsCall *call, FsFile *file, uint64_t cookie,
                  unsigned flags, FsDirSink *sink, void *opaque);

/* local-lock.c */

/* Returns a new descriptor of the object of @file, or -errno. */
typedef int LocalOpenFn(const FsCall *call, FsFile *file, int flags);
/**
 * local_locker_open_by: do what fs_locker_open() does, with a descriptor that
 * @open opens for writing or, if that is not allowed or not @may_write, for
 * reading.
 */
int local_locker_open_by(const FsCall *call, FsFile *file, bool may_write,
                         LocalOpenFn *open, FsLocker **locker);
void local_locker_close(FsLocker *locker);
int local_lock_range(const FsCall *call, FsLocker *locker, const FsLock *lock);
int local_getlock(const FsCall *call, FsLocker *locker, FsLock *lock);
void local_locked(FsLocker *locker, GArray *ranges);

#endif

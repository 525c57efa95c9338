/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The driver interface: the operations of a file system behind a 9P export.
 *
 * The session (hw/9pfs) calls the fs_*() functions below, never a driver's
 * vtable directly; fsdriver.c checks the contract and returns -EOPNOTSUPP for
 * an entry that a driver leaves NULL.  Drivers do not know fids, tags or wire
 * bytes; the session does not know host paths or descriptors.
 *
 * Conventions for all calls unless a comment says otherwise:
 *  - they return 0 or a count on success and -errno on failure; output
 *    arguments are written on success only;
 *  - several threads may call them at once, also on the same objects;
 *  - they wait no longer than the first argument allows, see waiting.h; a call
 *    that would have to wait longer does nothing and returns -EAGAIN;
 *  - ids of owners, also those in ACLs, are the guest's for the session and the
 *    host's for the driver; an id that uidmap= or gidmap= does not map is
 *    -EOVERFLOW, and an object with such an owner is protected (fs-owners.h);
 *  - a directory that was removed on the host and made anew there is the new
 *    one for calls that would fail with -ENOENT otherwise;
 *  - a name argument is one valid component: NUL-terminated, not empty, without
 *    '/', at most NAME_MAX bytes, and neither "." nor "..".
 */
#ifndef FSDEV_FSDRIVER_H
#define FSDEV_FSDRIVER_H

#include "fsdev/core/p9-osdep.h"
#include "fsdev/core/fs-budget.h"
#include "fsdev/core/fs-xattrs.h"
#include "fsdev/core/fs-attr.h"
#include "fsdev/core/idmap.h"
#include "fsdev/core/waiting.h"

/*
 * An object of the exported tree together with the name by which it was looked
 * up; a fid refers to a node.  Two hard links of a file are two nodes.  A node
 * refers to the same object even if the name is removed or reused.  Counted.
 */
typedef struct FsNode FsNode;
/* An open file or directory.  Holds a reference on its node. */
typedef struct FsFile FsFile;
/*
 * The byte-range locks of one owner on one object.  They belong to an open file
 * description of their own; closing it releases all of them.
 */
typedef struct FsLocker FsLocker;
/* An opened export: one driver instance, shared by all devices using it. */
typedef struct FsExport FsExport;
typedef struct FsDriver FsDriver;
/* See fs-quota.h. */
typedef struct FsQuota FsQuota;

enum {
    FS_READDIR_DEV = 1u << 0, /* fs_readdir: .dev, and .ino as in lstat(2) */
    FS_FIRST_LOOK = 1u << 1,  /* fs_getattr: the node has just been looked up */
    FS_OWNER_ONLY = 1u << 2,  /* fs_getattr: type, owner and mode are needed */
};

/*
 * Receives one directory entry.  Returns 0 to continue, 1 to stop before this
 * entry, which was not used, or -errno to fail.  It must not call the driver,
 * which may hold a lock of the directory.
 */
typedef int FsDirSink(void *opaque, const FsDirent *entry);

typedef enum FsSecurityModel {
    FS_SM_PASSTHROUGH,
    FS_SM_MAPPED_XATTR,
    FS_SM_MAPPED_FILE,
    FS_SM_NONE,
} FsSecurityModel;

typedef enum FsMultidevs {
    FS_MULTIDEVS_REMAP,
    FS_MULTIDEVS_FORBID,
    FS_MULTIDEVS_WARN,
} FsMultidevs;

typedef struct FsLock {
    short type;                 /* F_RDLCK, F_WRLCK, F_UNLCK */
    uint64_t start;
    uint64_t length;            /* 0: to the end of the file */
    uint32_t pid;               /* fs_getlock: the owner, 0 if not known */
} FsLock;

#define FS_MAX_XATTR_DEFAULT 1024

/* The configuration by -fsdev.  The owner of the struct owns the strings. */
typedef struct FsConfig FsConfig;
struct FsConfig {
    const FsDriver *driver;
    char *id;
    char *path;                 /* local: the directory to export */
    char *socket;               /* proxy: path of the socket, or NULL */
    int sock_fd;                /* proxy: the connection if socket is NULL */
    FsSecurityModel model;
    bool readonly;
    bool writeout_immediate;    /* start writeback after each write */
    uint32_t fmode;             /* mapped models: host mode of new files */
    uint32_t dmode;             /* mapped models: … of new directories */
    FsMultidevs multidevs;
    uint32_t max_xattr;         /* limit of open xattr fids, 0: no limit */
    uint32_t max_fids;          /* limits, see fs-budget.h; 0: the default */
    uint32_t max_locks;
    uint64_t max_memory;        /* bytes */
    uint64_t max_bytes;         /* of the tree, see fs-quota.h; 0: no limit */
    uint64_t max_files;
    bool no_locks;              /* grant all locks without the host */
    bool statfs_v9fs;           /* statfs returns the type of 9p */
    bool no_cache_hint;         /* ask clients not to cache file contents */
    bool nested_export;         /* allow user.virtfs.* unless it is mapped */
    FsXattrRules *xattrs;       /* counted; NULL: as the model does */
    IdMap *users;               /* counted; NULL: ids are the same on both */
    IdMap *groups;
};

typedef enum FsTicketKind {
    FS_TICKET_READ,
    FS_TICKET_WRITE,
    FS_TICKET_META,             /* a request about names or attributes */
    FS_TICKET_KINDS,
} FsTicketKind;

/*
 * A gate limits requests to a configured rate.  Several event loops may
 * use it: admit, cancel and the admitted callback of a ticket all run in the
 * loop of the request.
 */
typedef struct FsTicket FsTicket;
typedef struct FsGate FsGate;

struct FsTicket {
    void (*admitted)(FsTicket *ticket); /* set by the caller of fs_admit() */
    uint64_t bytes;
    FsTicketKind kind;
    /* For the gate, while the ticket waits. */
    GList link;
    void *gate_data;
    bool going;
};

struct FsGate {
    /* true: admitted at once.  false: ticket->admitted is called later. */
    bool (*admit)(FsGate *gate, FsTicket *ticket);
    /* Remove a waiting ticket. */
    void (*cancel)(FsGate *gate, FsTicket *ticket);
    /* Drop a reference; NULL: it is not counted.  Any thread. */
    void (*unref)(FsGate *gate);
    gint meta;                  /* limits FS_TICKET_META, too; atomic */
    const char *group;          /* lives as long as it; NULL: has no name */
};

/* What an export keeps in memory and open. */
typedef struct FsUsage {
    uint64_t objects;           /* that fids have led to */
    uint64_t names;             /* by which they were found */
    uint64_t bytes;             /* of memory for both */
    uint64_t descriptors;       /* that are cached for objects */
    uint64_t descriptors_max;   /* that all exports together may have open */
    uint64_t evictions;         /* descriptors that were closed for others */
} FsUsage;

/* Drivers embed the following as the first member of their own types. */
struct FsNode {
    FsExport *export;           /* borrowed: the session outlives its nodes */
};

/*
 * A file lives from fs_open() or fs_create() to fs_release(), which follows the
 * clunk of its fid and the last request that uses it.  The fields do not change
 * in between: values that depend on the message, such as the position, are
 * arguments of each call.
 */
struct FsFile {
    FsNode *node;               /* counted */
    bool is_dir;
    bool appends;               /* writes go to its end: O_APPEND */
    uint64_t dev;               /* identity, as in FsAttr */
    uint64_t ino;
    uint64_t twin;
    /*
     * Calls on this file may hang without limit (FUSE, network).  Therefore the
     * caller never passes guest memory to them.
     */
    bool remote;
};

struct FsLocker {
    FsExport *export;           /* borrowed */
    bool remote;                /* as that of the file */
};

struct FsExport {
    const FsDriver *driver;
    FsConfig config;            /* own copy */
    /* What may change while the export is in use; atomic. */
    gint readonly;
    gint no_locks;
    FsGate *gate;               /* counted; NULL = no throttling; set once */
    FsQuota *quota;             /* owned, atomic; NULL: none; set once */
    gint refs;                  /* atomic */
    FsLimits limits;            /* of budget and those of its sessions */
    FsBudget budget;            /* of what its sessions share */
    /* Number of open xattr fids, which the sessions count; atomic. */
    gint xattr_fids;
};

struct FsDriver {
    const char *name;

    /* Open config->path.  Sets *error on failure. */
    FsExport *(*open_export)(const FsConfig *config, GError **error);
    /*
     * Called after the last reference is dropped, when there are no nodes and
     * files.  Calls fs_config_clear() and frees the export.
     */
    void (*close_export)(FsExport *export);

    FsNode *(*root)(FsExport *export);
    void (*node_ref)(FsNode *node);
    void (*node_unref)(FsNode *node);
    FsNode *(*parent)(FsNode *node);
    int (*locate)(FsNode *node, FsNode **dir, char *name);
    void (*identity)(FsNode *node, FsIdentity *identity);   /* may be NULL */
    /*
     * Is @node a directory that has been removed?  1 or 0; -EAGAIN if finding
     * out would have to wait longer.  May be NULL, as place() then.
     */
    int (*is_dead)(const FsCall *call, FsNode *node);
    /*
     * Where to look for what others than guests have put in the place of @node,
     * a directory: 1 and *@place, counted, is what was found there last, or 0
     * and *@place is the directory and @name the component.  -ENOENT if there
     * is no such place, because a guest has removed @node.  Never blocks.
     */
    int (*place)(FsNode *node, FsNode **place, char *name);
    /* May be NULL. */
    void (*leave_loop)(FsExport *export, const FsYield *yield);
    /* May be NULL.  Any thread; never blocks. */
    void (*usage)(FsExport *export, FsUsage *usage);
    /* NULL: the number of a device is the same whenever it is exported. */
    bool (*dev_id)(FsExport *export, uint64_t dev, uint64_t *id);
    /*
     * How long a call on @node or on a file of it may have to wait at most;
     * NULL: without limit.  Never blocks.  fsdriver.c refuses a call that may
     * not wait as long, so an entry needs to check its FsCall only if it may
     * use another file system than that of @node or send a request to another
     * process (see fs_call_may_ask()), or if it belongs to the group TRIES:
     * lookup, peek, getattr, read, write, readdir, lock, getlock.  These are
     * always called, if need be with FS_WAIT_NEVER, because they often need not
     * wait.
     */
    FsWait (*reach)(FsNode *node);
    bool asks;                  /* entries send requests to another process */

    int (*lookup)(const FsCall *call, FsNode *dir, const char *name,
                  FsNode **node, FsAttr *attr);
    /*
     * The attributes of @name in @dir as lookup() returns them, of which type,
     * owner and mode are needed, without making a node; may be NULL.
     */
    int (*peek)(const FsCall *call, FsNode *dir, const char *name,
                FsAttr *attr);
    int (*getattr)(const FsCall *call, FsNode *node, FsFile *file,
                   unsigned flags, FsAttr *attr);
    int (*setattr)(const FsCall *call, FsNode *node, FsFile *file,
                   const FsSetattr *set);
    ssize_t (*readlink)(const FsCall *call, FsNode *node, char *buf,
                        size_t size);
    int (*statfs)(const FsCall *call, FsNode *node, struct statfs *st);

    int (*create)(const FsCall *call, FsNode *dir, const char *name, int flags,
                  uint32_t mode, FsNode **node, FsFile **file, FsAttr *attr);
    int (*mkdir)(const FsCall *call, FsNode *dir, const char *name,
                 uint32_t mode, FsAttr *attr);
    int (*mknod)(const FsCall *call, FsNode *dir, const char *name,
                 uint32_t mode, uint64_t rdev, FsAttr *attr);
    int (*symlink)(const FsCall *call, FsNode *dir, const char *name,
                   const char *target, FsAttr *attr);
    int (*link)(const FsCall *call, FsNode *node, FsNode *dir,
                const char *name);
    int (*unlink)(const FsCall *call, FsNode *dir, const char *name,
                  bool is_dir);
    int (*rename)(const FsCall *call, FsNode *dir, const char *name,
                  FsNode *newdir, const char *newname);

    int (*open)(const FsCall *call, FsNode *node, int flags, FsFile **file);
    /* open() and getattr() in one if that is cheaper; may be NULL. */
    int (*open_attr)(const FsCall *call, FsNode *node, int flags, FsFile **file,
                     FsAttr *attr);
    ssize_t (*read)(const FsCall *call, FsFile *file, const struct iovec *iov,
                    int iovcnt, uint64_t offset);
    ssize_t (*write)(const FsCall *call, FsFile *file, const struct iovec *iov,
                     int iovcnt, uint64_t offset);
    int (*fsync)(const FsCall *call, FsFile *file, bool datasync);
    /* The length of a regular file; waits as a write() does.  May be NULL. */
    int (*length)(FsFile *file, uint64_t *length);
    int (*readdir)(const FsCall *call, FsFile *file, uint64_t cookie,
                   unsigned flags, FsDirSink *sink, void *opaque);
    /*
     * Has no FsCall, because it is called only where it may wait as long as it
     * has to: fs_release() refuses other calls.
     */
    void (*release)(FsFile *file);

    ssize_t (*getxattr)(const FsCall *call, FsNode *node, const char *name,
                        void *buf, size_t size);
    ssize_t (*listxattr)(const FsCall *call, FsNode *node, char *buf,
                         size_t size);
    int (*setxattr)(const FsCall *call, FsNode *node, const char *name,
                    const void *value, size_t size, int flags);
    int (*removexattr)(const FsCall *call, FsNode *node, const char *name);

    /* @may_write: the file may be opened for writing, for write locks. */
    int (*locker_open)(const FsCall *call, FsFile *file, bool may_write,
                       FsLocker **locker);
    /* As release: only called by a thread that may wait for anything. */
    void (*locker_close)(FsLocker *locker);
    int (*lock)(const FsCall *call, FsLocker *locker, const FsLock *lock);
    int (*getlock)(const FsCall *call, FsLocker *locker, FsLock *lock);
    /* See fs-known.h. */
    void (*locked)(FsLocker *locker, GArray *ranges);
};

/**
 * fs_export_open: open the export that @config describes.
 *
 * The export copies @config.  Returns a counted export, or NULL with *@error
 * set to a message that names the path or option.  Context: any thread that
 * may block.
 */
FsExport *fs_export_open(const FsConfig *config, GError **error);
FsExport *fs_export_ref(FsExport *export);
/** fs_export_unref: the last one closes descriptors and may block. */
void fs_export_unref(FsExport *export);
/** fs_export_init: for drivers: initialize the common part of an export. */
void fs_export_init(FsExport *export, const FsConfig *config);

/** fs_config_copy, fs_config_clear: make a deep copy; free the strings. */
void fs_config_copy(FsConfig *to, const FsConfig *from);
void fs_config_clear(FsConfig *config);

/**
 * fs_check_user: 0 if @uid of the guest is mapped, otherwise -EOVERFLOW.
 *
 * 0 also for UINT32_MAX, which names no user: a Linux client mounts with it and
 * attaches again for each user.  The owner of an object that is created without
 * a user is checked then.
 */
int fs_check_user(FsExport *export, uint32_t uid);

/**
 * fs_export_leave_loop: called when a session on @export ends that made calls
 * in coroutines of this thread's loop (FsCall.yield).  Never blocks.
 */
void fs_export_leave_loop(FsExport *export, const FsYield *yield);

/**
 * fs_export_is_readonly, fs_export_has_locks: the configuration of now.
 * Context: any thread.
 */
static inline bool fs_export_is_readonly(const FsExport *export)
{
    return g_atomic_int_get(&export->readonly);
}

static inline bool fs_export_has_locks(const FsExport *export)
{
    return !g_atomic_int_get(&export->no_locks);
}

/**
 * fs_export_set_readonly: refuse changes from now on, or allow them again.
 *
 * Changes that have begun are not stopped.  Writes to files that are open for
 * writing are refused, too.  Context: any thread.
 */
void fs_export_set_readonly(FsExport *export, bool readonly);
/**
 * fs_export_set_locks: apply file locks on the host from now on, or not.
 * Locks that are held stay on the host until they are released.
 */
void fs_export_set_locks(FsExport *export, bool locks);
/**
 * fs_export_set_limits: take max_fids, max_locks, max_memory and max_xattr from
 * @config from now on.  What is in use stays.  Context: any thread.
 */
void fs_export_set_limits(FsExport *export, const FsConfig *config);
/**
 * fs_export_set_gate: throttle @export by @gate, a reference to which is taken
 * over.  It must not have one yet.  Context: any thread.
 */
void fs_export_set_gate(FsExport *export, FsGate *gate);

/**
 * fs_export_usage: what the driver keeps for @export; all zero if it does not
 * count that.  Context: any thread; never blocks.
 */
void fs_export_usage(FsExport *export, FsUsage *usage);

/**
 * fs_dev_id: an identity of the device @dev that is the same the next time, as
 * far as the host has one.
 *
 * False if nothing was looked up there.  Never blocks.
 */
bool fs_dev_id(FsExport *export, uint64_t dev, uint64_t *id);

/** fs_root: the exported directory, counted.  Never fails, never blocks. */
FsNode *fs_root(FsExport *export);
/** fs_node_ref: never blocks.  Returns @node. */
FsNode *fs_node_ref(FsNode *node);
/** fs_node_unref: NULL is allowed.  May close a cached O_PATH descriptor. */
void fs_node_unref(FsNode *node);
/**
 * fs_parent: the node for "..": the directory of the name, or the root for the
 * root.  Counted, never fails, never blocks.
 */
FsNode *fs_parent(FsNode *node);
/**
 * fs_locate: the current directory (counted) and component of @node, after
 * renames through this export.
 *
 * @name has room for NAME_MAX + 1 bytes.  -ENOENT if the name is known to have
 * been removed, -EBUSY for the root.  Never blocks.
 */
int fs_locate(FsNode *node, FsNode **dir, char *name);

/**
 * fs_node_reach: how long a call on @node may have to wait at most.
 *
 * A call that also uses another node may have to wait longer.  Never blocks.
 */
FsWait fs_node_reach(FsNode *node);

/** fs_lookup: look up @name in @dir; *@node is counted. */
int fs_lookup(const FsCall *call, FsNode *dir, const char *name, FsNode **node,
              FsAttr *attr);
/**
 * fs_getattr: attributes of @node; @file is an open file of it, or NULL.
 *
 * -ENOENT if the object has no link left and is not open, because a Linux
 * client drops stale names only after this error.  Not with FS_FIRST_LOOK: a
 * lookup has to succeed even if the name is replaced right afterwards.
 */
int fs_getattr(const FsCall *call, FsNode *node, FsFile *file, unsigned flags,
               FsAttr *attr);
/**
 * fs_setattr: apply @set, all of it or, after an error, nothing.  @file may be
 * NULL; an open file is used for system calls that need one.
 */
int fs_setattr(const FsCall *call, FsNode *node, FsFile *file,
               const FsSetattr *set);
/**
 * fs_readlink: the target of a symbolic link, not NUL-terminated.
 *
 * Returns its length, truncated to @size.  -EINVAL if the guest does not see
 * @node as a symbolic link.
 */
ssize_t fs_readlink(const FsCall *call, FsNode *node, char *buf, size_t size);
int fs_statfs(const FsCall *call, FsNode *node, struct statfs *st);

/**
 * fs_create: create and open a regular file.  Without O_EXCL in @flags an
 * existing file is opened, and keeps its owner and mode.
 *
 * @flags are host O_* bits without O_CREAT; @mode has permission bits.  A call
 * that fails removes what it has created, and nothing else.
 */
int fs_create(const FsCall *call, FsNode *dir, const char *name, int flags,
              uint32_t mode, FsNode **node, FsFile **file, FsAttr *attr);
/* A step of fs_create_or_open(): 0 or -errno. */
typedef int FsCreateFn(void *opaque);
/**
 * fs_create_or_open: make a file by @create, or open the existing one by @open
 * unless O_EXCL is among @flags.
 *
 * A file that appears and disappears on the host makes the two fail in turn, so
 * they are repeated a few times.  Returns the result of the last step.
 */
int fs_create_or_open(int flags, FsCreateFn *create, FsCreateFn *open,
                      void *opaque);
/** fs_mkdir, fs_mknod, fs_symlink: create with owner and mode, or fail. */
int fs_mkdir(const FsCall *call, FsNode *dir, const char *name, uint32_t mode,
             FsAttr *attr);
/** @mode includes the type; -EINVAL for one that mknod(2) does not support. */
int fs_mknod(const FsCall *call, FsNode *dir, const char *name, uint32_t mode,
             uint64_t rdev, FsAttr *attr);
int fs_symlink(const FsCall *call, FsNode *dir, const char *name,
               const char *target, FsAttr *attr);
/** fs_link: create the additional name @name in @dir for @node's object. */
int fs_link(const FsCall *call, FsNode *node, FsNode *dir, const char *name);
/** fs_unlink: remove a name; with @is_dir as rmdir(2). */
int fs_unlink(const FsCall *call, FsNode *dir, const char *name, bool is_dir);
/** fs_rename: as rename(2); existing nodes get the new name. */
int fs_rename(const FsCall *call, FsNode *dir, const char *name, FsNode *newdir,
              const char *newname);

/**
 * fs_open: open a regular file or a directory; @flags are host O_* bits without
 * O_CREAT.  Other types are -ENXIO and are never opened on the host.  It waits
 * for another process to give up a lease only with FS_WAIT_ANYTHING.
 */
int fs_open(const FsCall *call, FsNode *node, int flags, FsFile **file);
/** fs_open_attr: open, and attributes as of the open or just before. */
int fs_open_attr(const FsCall *call, FsNode *node, int flags, FsFile **file,
                 FsAttr *attr);
/**
 * fs_read, fs_write: as preadv(2) and pwritev(2).  Counts may be short; with
 * FS_WAIT_NEVER this may mean that the rest would have to wait.
 *
 * fs_write may return -EINPROGRESS at any level of waiting: then the request
 * never completes, but stays in progress until the client flushes it or the
 * session ends; the driver keeps no reference to it.
 */
ssize_t fs_read(const FsCall *call, FsFile *file, const struct iovec *iov,
                int iovcnt, uint64_t offset);
ssize_t fs_write(const FsCall *call, FsFile *file, const struct iovec *iov,
                 int iovcnt, uint64_t offset);
int fs_fsync(const FsCall *call, FsFile *file, bool datasync);
/**
 * fs_readdir: pass entries, including "." and "..", to @sink, from @cookie on
 * (0: the first) until it stops or the directory ends.
 *
 * Returns 0, or -errno.  -EAGAIN is only returned if no entry was passed.
 */
int fs_readdir(const FsCall *call, FsFile *file, uint64_t cookie,
               unsigned flags, FsDirSink *sink, void *opaque);
/**
 * fs_release: close and free @file.  NULL is allowed.
 *
 * Returns 0, or -EAGAIN if it would have to wait longer than @call allows;
 * @file is unchanged then.
 */
int fs_release(const FsCall *call, FsFile *file);

/**
 * Extended attributes, with names as the guest sees them.  With @size 0 only
 * the length is returned.  -ERANGE if the value is longer than @size; -ENODATA
 * if there is none; -EOPNOTSUPP for a namespace that the export does not have.
 */
ssize_t fs_getxattr(const FsCall *call, FsNode *node, const char *name,
                    void *buf, size_t size);
ssize_t fs_listxattr(const FsCall *call, FsNode *node, char *buf, size_t size);
/** @flags: 0, XATTR_CREATE or XATTR_REPLACE. */
int fs_setxattr(const FsCall *call, FsNode *node, const char *name,
                const void *value, size_t size, int flags);
int fs_removexattr(const FsCall *call, FsNode *node, const char *name);

/**
 * fs_locker_open: create an owner of locks on @file's object.
 *
 * -EOPNOTSUPP for directories and in drivers without locks.  The locker does
 * not keep @file open.
 */
int fs_locker_open(const FsCall *call, FsFile *file, FsLocker **locker);
/**
 * fs_locker_close: release the locks and free @locker.  NULL is allowed.
 * Context: a thread that may wait for anything.
 */
void fs_locker_close(FsLocker *locker);
/**
 * fs_lock: lock, relock or unlock a range; never waits for another owner.
 *
 * -EACCES if a lock of another owner conflicts; -EBADF for a write lock on a
 * file that QEMU cannot open for writing; -EOPNOTSUPP if the host's file system
 * has no locks.  Source: fcntl(2), F_OFD_SETLK.
 */
int fs_lock(const FsCall *call, FsLocker *locker, const FsLock *lock);
/** fs_getlock: set *@lock to a conflicting lock, or its type to F_UNLCK. */
int fs_getlock(const FsCall *call, FsLocker *locker, FsLock *lock);

/**
 * fs_admit: submit @ticket to the export's gate; true if it is admitted at
 * once.  Context: event loop; never blocks.
 */
bool fs_admit(FsExport *export, FsTicket *ticket);
void fs_admit_cancel(FsExport *export, FsTicket *ticket);

/**
 * fs_change_count: a value that differs from an earlier one if a call of this
 * process has changed anything since, including atimes, or is doing so.
 * Context: any thread.
 */
unsigned fs_change_count(void);
/** fs_change_note: count another change.  Context: any thread. */
void fs_change_note(void);

/**
 * fs_driver_find: the driver @name, or NULL.  fs_driver_nth: the driver with
 * index @n, or NULL.
 */
const FsDriver *fs_driver_find(const char *name);
const FsDriver *fs_driver_nth(unsigned n);

extern const FsDriver fs_local_driver;
extern const FsDriver fs_proxy_driver;
extern const FsDriver fs_synth_driver;

#endif

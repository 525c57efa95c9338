/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The driver interface: what a file system behind a 9P export must offer.
 *
 * The session (hw/9pfs) calls the fs_*() functions below, never a driver's
 * vtable directly; fsdriver.c checks the contract on the way and answers
 * -EOPNOTSUPP for an entry a driver leaves NULL.  Drivers never see fids, tags
 * or wire bytes; the session never sees host paths or descriptors.
 *
 * Conventions for every call unless its comment says otherwise:
 *  - returns 0 or a count on success, -errno on failure; output arguments are
 *    written on success only;
 *  - may be called from several threads at once, on the same objects too;
 *  - waits for no longer than its first argument allows, see waiting.h: where
 *    it would have to, it does nothing and returns -EAGAIN;
 *  - ids of owners, also those in ACLs, are the guest's for the session and
 *    the host's for the driver; an id that uidmap= or gidmap= has no place for
 *    is -EOVERFLOW;
 *  - a name argument is one legal component: NUL-terminated, not empty, no
 *    '/', at most NAME_MAX bytes, neither "." nor "..".
 */
#ifndef FSDEV_FSDRIVER_H
#define FSDEV_FSDRIVER_H

#include "fsdev/core/p9-osdep.h"
#include "fsdev/core/idmap.h"
#include "fsdev/core/waiting.h"

/*
 * An object of the exported tree as reached by one name: what a fid stands
 * for.  Two hard links of a file are two nodes.  A node keeps the object it
 * was looked up as, whatever happens to the name afterwards.  Counted.
 */
typedef struct FsNode FsNode;
/* An open file or directory.  Holds a reference on its node. */
typedef struct FsFile FsFile;
/*
 * Byte-range locks of one owner on one object, held by an open file
 * description of their own; closing it gives them all up.
 */
typedef struct FsLocker FsLocker;
/* An opened export: one driver instance, shared by all devices using it. */
typedef struct FsExport FsExport;
typedef struct FsDriver FsDriver;

enum {
    FS_READDIR_DEV = 1u << 0, /* fs_readdir: .dev, and .ino as lstat has it */
    FS_FIRST_LOOK = 1u << 1,  /* fs_getattr: the node was only just found */
};

enum {
    FS_ATTR_BTIME = 1u << 0,    /* FsAttr.btime is valid */
};

typedef struct FsAttr {
    uint32_t valid;             /* FS_ATTR_* of the optional fields */
    uint32_t mode;              /* as the guest shall see it, type included */
    uint32_t uid;
    uint32_t gid;
    uint64_t nlink;
    uint64_t dev;               /* host device and inode: identity */
    uint64_t ino;
    uint64_t rdev;              /* in the host's dev_t encoding */
    uint64_t size;
    uint64_t blocks;            /* of 512 bytes */
    uint32_t blksize;
    struct timespec atime;
    struct timespec mtime;
    struct timespec ctime;
    struct timespec btime;
} FsAttr;

enum {
    FS_SET_MODE = 1u << 0,
    FS_SET_UID = 1u << 1,
    FS_SET_GID = 1u << 2,
    FS_SET_SIZE = 1u << 3,
    FS_SET_ATIME = 1u << 4,     /* to FsSetattr.atime; UTIME_NOW allowed */
    FS_SET_MTIME = 1u << 5,
    FS_SET_CTIME = 1u << 6,     /* touch the ctime and nothing else */
};

typedef struct FsSetattr {
    uint32_t valid;             /* FS_SET_* */
    uint32_t mode;              /* permission bits, 07777 */
    uint32_t uid;
    uint32_t gid;
    uint64_t size;
    struct timespec atime;
    struct timespec mtime;
} FsSetattr;

typedef struct FsDirent {
    const char *name;           /* borrowed, NUL-terminated */
    size_t name_len;
    uint64_t next;              /* cookie that continues after this entry */
    uint64_t ino;
    uint64_t dev;               /* 0 unless FS_READDIR_DEV was asked for */
    uint8_t type;               /* DT_*, DT_UNKNOWN when not known cheaply */
} FsDirent;

/*
 * Takes one directory entry.  Returns 0 to go on, 1 when the entry was not
 * taken and enumeration shall stop before it, -errno to fail.  It must not
 * call the driver, which may hold a lock of the directory.
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
    uint32_t pid;               /* fs_getlock: whose it is, 0 if not known */
} FsLock;

#define FS_MAX_XATTR_DEFAULT 1024

/* What -fsdev said.  Strings are owned by whoever owns the struct. */
typedef struct FsConfig {
    const FsDriver *driver;
    char *id;
    char *path;                 /* local: the directory to export */
    char *socket;               /* proxy: where the helper listens, or … */
    int sock_fd;                /* … NULL: connected to it */
    FsSecurityModel model;
    bool readonly;
    bool writeout_immediate;    /* start writeback after each write */
    uint32_t fmode;             /* mapped models: host mode of new files */
    uint32_t dmode;             /* … of new directories */
    FsMultidevs multidevs;
    uint32_t max_xattr;         /* open xattr fids, 0 = no limit */
    bool no_locks;              /* grant every lock, take none on the host */
    bool statfs_v9fs;           /* statfs tells 9p's type, not the host's */
    bool no_cache_hint;         /* ask clients not to cache what files hold */
    IdMap *users;               /* counted; NULL: guest and host ids are one */
    IdMap *groups;
} FsConfig;

/*
 * A gate lets reads and writes through at a configured rate.  Several event
 * loops may use it: admit, cancel and the admitted callback of a ticket all
 * run in the loop of the request.
 */
typedef struct FsTicket FsTicket;
typedef struct FsGate FsGate;

struct FsTicket {
    void (*admitted)(FsTicket *ticket); /* set by the caller of fs_admit() */
    uint64_t bytes;
    bool is_write;
    GList link;                 /* the gate's while waiting, as … */
    void *gate_data;
    bool going;
};

struct FsGate {
    /* true: go ahead.  false: ticket->admitted is called later. */
    bool (*admit)(FsGate *gate, FsTicket *ticket);
    /* Take back a ticket that waits. */
    void (*cancel)(FsGate *gate, FsTicket *ticket);
};

/* Drivers embed these three as the first member of their own types. */
struct FsNode {
    FsExport *export;           /* borrowed: the session outlives its nodes */
};

/*
 * A file lives from fs_open() or fs_create() to fs_release(), which is after
 * the clunk of its fid and after the last request that uses it.  Nothing here
 * changes in between: what depends on the message (position, flags) is told in
 * each call.
 */
struct FsFile {
    FsNode *node;               /* counted */
    bool is_dir;
    uint64_t dev;               /* identity, as FsAttr's */
    uint64_t ino;
    /*
     * A call on this file may hang for as long as a third party likes (FUSE,
     * network).  The caller then never lends it guest memory.
     */
    bool remote;
};

struct FsLocker {
    FsExport *export;           /* borrowed */
};

struct FsExport {
    const FsDriver *driver;
    FsConfig config;            /* own copy */
    FsGate *gate;               /* borrowed, NULL = no throttling */
    gint refs;                  /* atomic */
    /* Open xattr fids of all sessions on this export; atomic, theirs. */
    gint xattr_fids;
};

struct FsDriver {
    const char *name;

    /* Open config->path.  Fills *error (glib) on failure. */
    FsExport *(*open_export)(const FsConfig *config, GError **error);
    /*
     * Last reference gone: no node or file is left.  Frees the export, after
     * fs_config_clear() of its config.
     */
    void (*close_export)(FsExport *export);

    FsNode *(*root)(FsExport *export);
    void (*node_ref)(FsNode *node);
    void (*node_unref)(FsNode *node);
    FsNode *(*parent)(FsNode *node);
    int (*locate)(FsNode *node, FsNode **dir, char *name);
    /* May be NULL. */
    void (*leave_loop)(FsExport *export, const FsYield *yield);
    bool (*is_brief)(FsNode *node);
    bool (*heeds_brief)(FsNode *node);          /* NULL: as is_brief */

    int (*lookup)(const FsCall *call, FsNode *dir, const char *name,
                  FsNode **node, FsAttr *attr);
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
    /* The same where it is cheaper than open and getattr; may be NULL. */
    int (*open_attr)(const FsCall *call, FsNode *node, int flags, FsFile **file,
                     FsAttr *attr);
    ssize_t (*read)(const FsCall *call, FsFile *file, const struct iovec *iov,
                    int iovcnt, uint64_t offset);
    ssize_t (*write)(const FsCall *call, FsFile *file, const struct iovec *iov,
                     int iovcnt, uint64_t offset);
    int (*fsync)(const FsCall *call, FsFile *file, bool datasync);
    int (*readdir)(const FsCall *call, FsFile *file, uint64_t cookie,
                   unsigned flags, FsDirSink *sink, void *opaque);
    void (*release)(FsFile *file);

    ssize_t (*getxattr)(const FsCall *call, FsNode *node, const char *name,
                        void *buf, size_t size);
    ssize_t (*listxattr)(const FsCall *call, FsNode *node, char *buf,
                         size_t size);
    int (*setxattr)(const FsCall *call, FsNode *node, const char *name,
                    const void *value, size_t size, int flags);
    int (*removexattr)(const FsCall *call, FsNode *node, const char *name);

    int (*locker_open)(const FsCall *call, FsFile *file, FsLocker **locker);
    void (*locker_close)(FsLocker *locker);
    int (*lock)(const FsCall *call, FsLocker *locker, const FsLock *lock);
    int (*getlock)(const FsCall *call, FsLocker *locker, FsLock *lock);
};

/**
 * fs_export_open: open what @config describes.
 *
 * The export copies @config.  Returns a counted export, or NULL with *@error
 * set to a message that names the path or option.  Context: any thread that
 * may block.
 */
FsExport *fs_export_open(const FsConfig *config, GError **error);
FsExport *fs_export_ref(FsExport *export);
/** fs_export_unref: may block (closes descriptors) when it is the last one. */
void fs_export_unref(FsExport *export);
/** fs_export_init: for drivers, fills the common part of a new export. */
void fs_export_init(FsExport *export, const FsConfig *config);

/** fs_config_copy / fs_config_clear: deep copy, and freeing of the strings. */
void fs_config_copy(FsConfig *to, const FsConfig *from);
void fs_config_clear(FsConfig *config);

/** fs_check_user: 0 when a guest's user may own things, or -EOVERFLOW. */
int fs_check_user(FsExport *export, uint32_t uid);

/**
 * fs_export_leave_loop: a session on @export that ran calls in coroutines of
 * this thread's loop (FsCall.yield) has ended.  Never blocks.
 */
void fs_export_leave_loop(FsExport *export, const FsYield *yield);

/** fs_root: the exported directory, counted.  Never fails, never blocks. */
FsNode *fs_root(FsExport *export);
/** fs_node_ref: never blocks.  Returns @node. */
FsNode *fs_node_ref(FsNode *node);
/** fs_node_unref: NULL is allowed.  May close a cached O_PATH descriptor. */
void fs_node_unref(FsNode *node);
/**
 * fs_parent: what ".." means: lexical, the root is its own parent.  Counted,
 * never fails, never blocks.
 */
FsNode *fs_parent(FsNode *node);
/**
 * fs_locate: the directory (counted) and the component by which @node is
 * reached now, renames through this export followed.
 *
 * @name has room for NAME_MAX + 1 bytes.  -ENOENT when the name is known to
 * be gone, -EBUSY for the root.  Never blocks.
 */
int fs_locate(FsNode *node, FsNode **dir, char *name);

/**
 * fs_node_is_brief: calls on @node never wait for longer than the host's own
 * storage takes, whatever a network or a user-space file system does.
 *
 * What lies below may be another file system: the calls that may come to it,
 * fs_lookup(), fs_create() and fs_open(), heed FS_WAIT_STORAGE.
 * False when the driver cannot say.  Never blocks.
 */
bool fs_node_is_brief(FsNode *node);
/**
 * fs_node_heeds_brief: this is so at least for those calls on @node, and on
 * files of it, that heed FS_WAIT_STORAGE: lookup, getattr, create, open, read,
 * write, readdir, release.  Others may wait for whoever else has a part in
 * them; in a coroutine they return -EAGAIN where they cannot yield for it, but
 * for fs_rename(), fs_readlink() and fs_statfs(), which are not for coroutines.
 */
bool fs_node_heeds_brief(FsNode *node);

/** fs_lookup: @name in @dir → counted *@node and its attributes. */
int fs_lookup(const FsCall *call, FsNode *dir, const char *name, FsNode **node,
              FsAttr *attr);
/**
 * fs_getattr: attributes of @node; @file is an open file of it, or NULL.
 *
 * -ENOENT when the object has no link left and nobody has it open: the Linux
 * client drops stale names only then.  Not with FS_FIRST_LOOK: who found a name
 * that was replaced right afterwards has to get what he found.
 */
int fs_getattr(const FsCall *call, FsNode *node, FsFile *file, unsigned flags,
               FsAttr *attr);
/**
 * fs_setattr: apply all of @set, in the order owner, mode, size, times.
 * @file may be NULL; an open file is used where the kernel wants one.
 */
int fs_setattr(const FsCall *call, FsNode *node, FsFile *file,
               const FsSetattr *set);
/**
 * fs_readlink: target of a symbolic link, not NUL-terminated.
 *
 * Returns its length, cut at @size.  -EINVAL when it is no symbolic link as
 * the guest sees it.
 */
ssize_t fs_readlink(const FsCall *call, FsNode *node, char *buf, size_t size);
int fs_statfs(const FsCall *call, FsNode *node, struct statfs *st);

/**
 * fs_create: make and open a regular file; open it if it exists and @flags
 * has no O_EXCL, then leaving its owner and mode alone.
 *
 * @flags are host O_* bits without O_CREAT; @mode permission bits.  On
 * failure nothing that this call made is left, and nothing else is removed.
 */
int fs_create(const FsCall *call, FsNode *dir, const char *name, int flags,
              uint32_t mode, FsNode **node, FsFile **file, FsAttr *attr);
/** fs_mkdir, fs_mknod, fs_symlink: with owner and mode, or not at all. */
int fs_mkdir(const FsCall *call, FsNode *dir, const char *name, uint32_t mode,
             FsAttr *attr);
/** @mode includes the type; -EINVAL for a type that mknod(2) does not make. */
int fs_mknod(const FsCall *call, FsNode *dir, const char *name, uint32_t mode,
             uint64_t rdev, FsAttr *attr);
int fs_symlink(const FsCall *call, FsNode *dir, const char *name,
               const char *target, FsAttr *attr);
/** fs_link: give @node's object the further name @name in @dir. */
int fs_link(const FsCall *call, FsNode *node, FsNode *dir, const char *name);
/** fs_unlink: remove a name; @is_dir asks for rmdir(2) semantics. */
int fs_unlink(const FsCall *call, FsNode *dir, const char *name, bool is_dir);
/** fs_rename: as rename(2); nodes held for the old name follow it. */
int fs_rename(const FsCall *call, FsNode *dir, const char *name, FsNode *newdir,
              const char *newname);

/**
 * fs_open: open a regular file (host O_* flags without O_CREAT) or a
 * directory.  Anything else is -ENXIO, and is never opened on the host.
 * A lease on the file is awaited with FS_WAIT_ANYTHING only.
 */
int fs_open(const FsCall *call, FsNode *node, int flags, FsFile **file);
/** fs_open_attr: and the object's attributes, as of the open or just before. */
int fs_open_attr(const FsCall *call, FsNode *node, int flags, FsFile **file,
                 FsAttr *attr);
/**
 * fs_read/fs_write: as preadv(2)/pwritev(2), short counts allowed; with
 * FS_WAIT_NEVER a short count may mean "the rest would have to sleep".
 * fs_write may answer -EINPROGRESS, whatever the call may wait for: not now,
 * and nothing will wake it.  The request stays parked until the client flushes
 * it or the session ends; the driver keeps nothing of it.
 */
ssize_t fs_read(const FsCall *call, FsFile *file, const struct iovec *iov,
                int iovcnt, uint64_t offset);
ssize_t fs_write(const FsCall *call, FsFile *file, const struct iovec *iov,
                 int iovcnt, uint64_t offset);
int fs_fsync(const FsCall *call, FsFile *file, bool datasync);
/**
 * fs_readdir: feed entries, "." and ".." included, to @sink from @cookie on
 * (0: the first) until it stops or the directory ends.
 *
 * Returns 0.  Entries already given stay given: -EAGAIN is returned only when
 * none was.
 */
int fs_readdir(const FsCall *call, FsFile *file, uint64_t cookie,
               unsigned flags, FsDirSink *sink, void *opaque);
/**
 * fs_release: close and free.  NULL is allowed.
 *
 * Returns 0, or -EAGAIN with @file as it was, which is for a caller that may
 * wait for less than anything.
 */
int fs_release(const FsCall *call, FsFile *file);

/**
 * Extended attributes, names as the guest knows them.  @size 0 asks for the
 * length; -ERANGE when the value is longer than @size; -ENODATA when absent;
 * -EOPNOTSUPP for a name space that the export does not offer.
 */
ssize_t fs_getxattr(const FsCall *call, FsNode *node, const char *name,
                    void *buf, size_t size);
ssize_t fs_listxattr(const FsCall *call, FsNode *node, char *buf, size_t size);
/** @flags: 0, XATTR_CREATE or XATTR_REPLACE. */
int fs_setxattr(const FsCall *call, FsNode *node, const char *name,
                const void *value, size_t size, int flags);
int fs_removexattr(const FsCall *call, FsNode *node, const char *name);

/**
 * fs_locker_open: a new owner of locks on @file's object.
 *
 * -EOPNOTSUPP where there is nothing to lock (directories, drivers without
 * locks).  The locker does not keep @file open.
 */
int fs_locker_open(const FsCall *call, FsFile *file, FsLocker **locker);
/**
 * fs_locker_close: its locks are gone.  NULL is allowed.
 * Context: a thread that may wait for anything.
 */
void fs_locker_close(FsLocker *locker);
/**
 * fs_lock: take, change or give up a range; never waits for another owner.
 *
 * -EACCES while somebody else's lock is in the way; -EBADF for a write lock on
 * what the host does not let us write; -EOPNOTSUPP when the host's file system
 * has no locks.  Source: fcntl(2), F_OFD_SETLK.
 */
int fs_lock(const FsCall *call, FsLocker *locker, const FsLock *lock);
/** fs_getlock: what keeps *@lock from being taken, or type F_UNLCK. */
int fs_getlock(const FsCall *call, FsLocker *locker, FsLock *lock);

/** fs_admit: ask the export's gate.  Context: event loop; never blocks. */
bool fs_admit(FsExport *export, FsTicket *ticket);
void fs_admit_cancel(FsExport *export, FsTicket *ticket);

/**
 * fs_change_count: another value than before if any call of this process has
 * changed anything meanwhile, atimes included, or is doing so.  Any thread.
 */
unsigned fs_change_count(void);
/** fs_change_note: count a change that no call here has made.  Any thread. */
void fs_change_note(void);

/** fs_driver_find: by name, NULL if unknown.  fs_driver_nth: for listing. */
const FsDriver *fs_driver_find(const char *name);
const FsDriver *fs_driver_nth(unsigned n);

extern const FsDriver fs_local_driver;
extern const FsDriver fs_proxy_driver;
extern const FsDriver fs_synth_driver;

#endif

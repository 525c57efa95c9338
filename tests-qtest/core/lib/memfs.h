/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A small file system in memory behind fsdriver.h, for tests of the session.
 *
 * It has directories, files, hard and symbolic links, special files and
 * user.* attributes, and keeps unlinked files while they are open.  Tests can
 * make its calls fail, wait or transfer less than asked for.  One mutex guards
 * all state; hooks are called without it.  Context: any thread.
 */
#ifndef TESTS_CORE_MEMFS_H
#define TESTS_CORE_MEMFS_H

#include "fsdev/core/p9-osdep.h"
#include "fsdev/core/fsdriver.h"

extern const FsDriver memfs_driver;

#define MEMFS_DEV       0x901           /* FsAttr.dev of every object */
#define MEMFS_FAR_DEV   0xfa3           /* … that reach FS_WAIT_ANYTHING */
#define MEMFS_MAX_SIZE  (1u << 20)      /* bytes of a file; -EFBIG above */
#define MEMFS_MAX_FILES 20000           /* objects; -ENOSPC above */

typedef enum MemOp {
    MEM_LOOKUP, MEM_GETATTR, MEM_SETATTR, MEM_READLINK, MEM_STATFS,
    MEM_CREATE, MEM_MKDIR, MEM_MKNOD, MEM_SYMLINK, MEM_LINK, MEM_UNLINK,
    MEM_RENAME, MEM_OPEN, MEM_READ, MEM_WRITE, MEM_FSYNC, MEM_READDIR,
    MEM_RELEASE, MEM_GETXATTR, MEM_LISTXATTR, MEM_SETXATTR, MEM_REMOVEXATTR,
    MEM_OPS,
} MemOp;

typedef struct MemCall {
    MemOp op;
    FsWait wait;                /* of the FsCall */
    const char *name;           /* NULL where the call has none */
} MemCall;

/*
 * Called before each operation.  0: continue.  Negative: the result (ignored
 * for MEM_RELEASE).  Positive, for reads and writes: move at most that many
 * bytes.
 */
typedef int MemHook(void *opaque, const MemCall *call);

/** memfs_open: an export of an empty root directory, mode 0755. */
FsExport *memfs_open(void);
/** memfs_open_config: the same with the options of @config. */
FsExport *memfs_open_config(const FsConfig *config);
/** memfs_set_hook: NULL removes it.  Not while calls are in progress. */
void memfs_set_hook(FsExport *export, MemHook *hook, void *opaque);

/** memfs_fail: make the next @times calls of @op return -@error. */
void memfs_fail(FsExport *export, MemOp op, int error, unsigned times);
/** memfs_sleepy: whether calls with FS_WAIT_NEVER return -EAGAIN. */
void memfs_sleepy(FsExport *export, bool sleepy);
/**
 * memfs_remote: whether files opened from now on are marked remote, and
 * all nodes reach FS_WAIT_ANYTHING.
 */
void memfs_remote(FsExport *export, bool remote);
/** memfs_set_dev: set FsAttr.dev of one object. */
void memfs_set_dev(FsNode *node, uint64_t dev);

/** memfs_set_statfs: let @edit change the result of statfs. */
void memfs_set_statfs(FsExport *export, void (*edit)(FsNode *node,
                                                     struct statfs *st));

/**
 * memfs_hold: make calls of @op wait from now on; those with FS_WAIT_NEVER
 * return -EAGAIN instead.
 */
void memfs_hold(FsExport *export, MemOp op);
/** memfs_await_held: wait until at least @n calls are held. */
void memfs_await_held(FsExport *export, unsigned n);
/** memfs_let_go: let held calls continue, and hold no later ones. */
void memfs_let_go(FsExport *export);

typedef struct MemStats {
    unsigned nodes;             /* FsNodes with references, root included */
    unsigned files;             /* FsFiles not released */
    unsigned objects;           /* inodes, root included */
    unsigned calls[MEM_OPS];
} MemStats;
void memfs_stats(FsExport *export, MemStats *stats);

/**
 * memfs_add: make a file with @content, or a directory when it is NULL;
 * @path is relative to the root, and its directory must exist.
 */
void memfs_add(FsExport *export, const char *path, const char *content);
/** memfs_node: the node at @path, counted; NULL when there is none. */
FsNode *memfs_node(FsExport *export, const char *path);
/**
 * memfs_content: what the file at @path holds, g_free() it; NULL when there
 * is no such file.
 */
char *memfs_content(FsExport *export, const char *path);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the files of the in-memory driver, memfs*.c, only. */
#ifndef TESTS_CORE_MEMFS_INT_H
#define TESTS_CORE_MEMFS_INT_H

#include "memfs.h"

typedef struct MemInode MemInode;
typedef struct MemNode MemNode;

typedef struct MemEntry {
    char *name;
    MemInode *inode;            /* counted */
    uint64_t cookie;            /* ascending, so the order is stable */
} MemEntry;

struct MemInode {
    unsigned refs;              /* by entries and nodes */
    FsAttr attr;                /* mem_attr() fills in the size */
    GByteArray *data;           /* regular file */
    char *target;               /* symbolic link */
    GPtrArray *entries;         /* directory: of MemEntry, by cookie */
    uint64_t next_cookie;
    GHashTable *xattrs;         /* name → GBytes */
    unsigned opens;
};

struct MemNode {
    FsNode base;
    unsigned refs;
    MemInode *inode;            /* counted */
    MemNode *parent;            /* counted; NULL for the root */
    char *name;
    bool dead;                  /* its name was removed or replaced */
    GHashTable *children;       /* name → MemNode, borrowed; may be NULL */
};

typedef struct MemFile {
    FsFile base;
    int flags;
} MemFile;

typedef struct MemExport {
    FsExport base;
    GMutex lock;                /* guards everything below and all objects */
    GCond held_changed;
    MemNode *root;
    uint64_t next_ino;
    uint64_t clock;
    MemHook *hook;
    void *hook_opaque;
    struct {
        int error;
        unsigned times;
    } fail[MEM_OPS];
    bool sleepy;
    bool remote;
    void (*edit_statfs)(FsNode *node, struct statfs *st);
    bool hold[MEM_OPS];
    unsigned held;
    MemStats stats;
} MemExport;

static inline MemExport *mem_of(FsExport *export)
{
    return container_of(export, MemExport, base);
}

static inline MemNode *mem_node(FsNode *node)
{
    return container_of(node, MemNode, base);
}

static inline MemExport *mem_of_node(MemNode *node)
{
    return mem_of(node->base.export);
}

/**
 * mem_enter: begin a call: run the hook, take the lock, apply what the test
 * injects.  A result < 0 is the call's result, and the lock is not held then.
 */
int mem_enter(const FsCall *call, MemExport *m, MemOp op, const char *name);

/* These are called with the lock held. */
void mem_touch(MemExport *m, MemInode *inode, bool content);
/** mem_inode_new: owned by @cred, by root when it is NULL. */
MemInode *mem_inode_new(MemExport *m, uint32_t mode, const FsCred *cred);
void mem_inode_unref(MemExport *m, MemInode *inode);
MemEntry *mem_entry_find(MemInode *dir, const char *name);
void mem_entry_add(MemExport *m, MemInode *dir, const char *name,
                   MemInode *inode);
void mem_entry_remove(MemExport *m, MemInode *dir, MemEntry *entry);
/** mem_node_for: the node of @name in @dir, counted. */
MemNode *mem_node_for(MemExport *m, MemNode *dir, const char *name,
                      MemInode *inode);
void mem_node_put(MemExport *m, MemNode *node);
void mem_node_kill(MemNode *dir, const char *name);
void mem_node_move(MemExport *m, MemNode *dir, const char *name,
                   MemNode *newdir, const char *newname);
FsAttr mem_attr(const MemInode *inode);

/* memfs-names.c */
int memfs_create(const FsCall *call, FsNode *dir, const char *name, int flags,
                 uint32_t mode, FsNode **node, FsFile **file, FsAttr *attr);
int memfs_mkdir(const FsCall *call, FsNode *dir, const char *name,
                uint32_t mode, FsAttr *attr);
int memfs_mknod(const FsCall *call, FsNode *dir, const char *name,
                uint32_t mode, uint64_t rdev, FsAttr *attr);
int memfs_symlink(const FsCall *call, FsNode *dir, const char *name,
                  const char *target, FsAttr *attr);
int memfs_link(const FsCall *call, FsNode *node, FsNode *dir, const char *name);
int memfs_unlink(const FsCall *call, FsNode *dir, const char *name,
                 bool is_dir);
int memfs_rename(const FsCall *call, FsNode *dir, const char *name,
                 FsNode *newdir, const char *newname);

/* memfs-io.c */
FsFile *mem_file_new(MemExport *m, MemNode *node, int flags);
int memfs_open_file(const FsCall *call, FsNode *node, int flags, FsFile **file);
ssize_t memfs_read(const FsCall *call, FsFile *file, const struct iovec *iov,
                   int iovcnt, uint64_t offset);
ssize_t memfs_write(const FsCall *call, FsFile *file, const struct iovec *iov,
                    int iovcnt, uint64_t offset);
int memfs_fsync(const FsCall *call, FsFile *file, bool datasync);
int memfs_readdir(const FsCall *call, FsFile *file, uint64_t cookie,
                  unsigned flags, FsDirSink *sink, void *opaque);
void memfs_release(FsFile *file);
ssize_t memfs_getxattr(const FsCall *call, FsNode *node, const char *name,
                       void *buf, size_t size);
ssize_t memfs_listxattr(const FsCall *call, FsNode *node, char *buf,
                        size_t size);
int memfs_setxattr(const FsCall *call, FsNode *node, const char *name,
                   const void *value, size_t size, int flags);
int memfs_removexattr(const FsCall *call, FsNode *node, const char *name);

#endif

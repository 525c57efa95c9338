/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Identity of host objects for the local driver: nodes and names.
 *
 * A Node is a host inode (device, inode number, mount id); a Name says that a
 * component in a parent Name led to a Node.  The FsNode that the session
 * holds is a Name.  Both are counted and hashed; ".." is Name.parent, never
 * the kernel's, so a rename is one re-keyed Name and nothing that happens on
 * the host can lead out of the export.
 *
 * A Node's O_PATH descriptor is a cache with a budget, not the identity: it
 * is evicted, leaves first and in batches, when the budget is exceeded, and
 * got back through the parent's descriptor and the name, with the identity
 * compared; a mismatch is -ESTALE, never another file.  The descriptor of an
 * unlinked Node, or of one with no verified way back, is never evicted.
 *
 * One mutex per NodeTable guards both hashes, all links between objects, the
 * descriptor cache and its pins; no system call that can sleep is made under
 * it.  Context: any thread.
 */
#ifndef FSDEV_NODE_H
#define FSDEV_NODE_H

#include "fsdev/core/fsdriver.h"
#include "fsdev/host/host.h"

typedef struct NodeTable NodeTable;
typedef struct Node Node;
typedef struct Name Name;

/*
 * For a table whose objects have a number each at some other place: what was
 * told of it is kept with the Name, and a descriptor that there is no way back
 * to is asked for there.
 */
typedef struct NameRemote {
    uint64_t id;
    uint32_t epoch;             /* of the connection that id belongs to */
    uint32_t count:31;          /* how often id was told; 0: never */
    uint32_t gone:1;            /* for forget(): the Name was dead */
} NameRemote;

typedef struct NodeRemoteOps {
    bool asked_first;           /* no way back is tried before */
    /* Path fd of the Name's object, or -errno. */
    int (*fetch)(const FsCall *call, Name *name);
    /* A Name is gone and with it the use of @remote.  Never blocks. */
    void (*forget)(FsExport *export, const NameRemote *remote);
} NodeRemoteOps;

typedef struct NodeTableOptions {
    const NodeRemoteOps *remote;    /* NULL: there is no other place */
    /* Bounds that tests make small; 0: what an export has. */
    /* Path fds; 0: all tables of the process share RLIMIT_NOFILE. */
    unsigned fd_budget;
    size_t max_bytes;           /* memory of names and nodes */
} NodeTableOptions;

/** node_table_new: @root_fd (taken over) is the exported directory. */
NodeTable *node_table_new(FsExport *export, int root_fd, const HostStat *root,
                          const NodeTableOptions *options);
/** node_table_free: the root is the only Name left. */
void node_table_free(NodeTable *table);
/**
 * name_remote_told: @id was told once more; an older one of another number or
 * epoch is given to forget().
 */
void name_remote_told(Name *name, uint64_t id, uint32_t epoch);
NameRemote name_remote(Name *name);

/** node_table_root: counted. */
Name *node_table_root(NodeTable *table);

typedef struct NodeTableStats {
    size_t nodes;
    size_t names;
    size_t bytes;
    size_t fds;
    size_t evictions;
} NodeTableStats;
void node_table_stats(NodeTable *table, NodeTableStats *stats);

Name *name_ref(Name *name);
void name_unref(Name *name);            /* may close path fds */
Name *name_parent(Name *name);          /* counted; the root's is itself */
Node *name_node(Name *name);            /* borrowed from the Name */
FsNode *name_to_fs(Name *name);
Name *name_from_fs(FsNode *node);
/** name_locate: as fs_locate(). */
int name_locate(Name *name, Name **parent, char *component);

/**
 * name_insert: the Name for @component in @parent that leads to the object of
 * @path_fd (taken over, also on failure) with identity @st.
 *
 * With @path_fd -1 it is as if that had been evicted already.
 * Finds or makes both objects.  Returns counted *@out, -ENFILE at the limit.
 */
int name_insert(Name *parent, const char *component, int path_fd,
                const HostStat *st, Name **out);

/**
 * name_adopt: a Name, dead from the start, for the object of @path_fd (taken
 * over, also on failure) with identity @st, which has lost its own.
 *
 * Returns counted *@out, -ENFILE at the limit.
 */
int name_adopt(NodeTable *table, int path_fd, const HostStat *st, Name **out);

/**
 * name_pin_for_removal: to be called before an unlink, and before a rename
 * for the name that it may replace.
 *
 * Whoever holds the victim keeps a usable object only if its descriptor is
 * open when the name goes.  *@victim is the victim's Name, counted and with its
 * descriptor pinned, or NULL when nobody holds one or it cannot be opened.
 * Release with name_unpin() after name_removed() or name_renamed(), or after
 * the operation failed.  Returns 0, or -EAGAIN as name_fd_get().
 */
int name_pin_for_removal(const FsCall *call, Name *dir, const char *component,
                         Name **victim);
/** name_unpin: name_fd_put() and name_unref(); NULL is allowed. */
void name_unpin(Name *victim);

/** name_removed: @component of @dir was unlinked; Names for it become dead. */
void name_removed(Name *dir, const char *component);
/** name_renamed: re-key after a successful rename; a replaced target dies. */
void name_renamed(Name *dir, const char *component, Name *newdir,
                  const char *newcomponent);

/**
 * name_rename_begin/name_rename_end: put round renameat(2) + name_renamed().
 *
 * A way back that fails meanwhile is tried again at the end, instead of
 * being -ESTALE because the host is ahead of the table.  Begin may block;
 * no name_fd_get(), name_pin_for_removal() or waiting between the two.
 */
void name_rename_begin(Name *dir);
void name_rename_end(Name *dir);

/**
 * name_leads_elsewhere: does the result of looking a name up mean that it leads
 * to another object now, or to none?
 */
static inline bool name_leads_elsewhere(int ret)
{
    return ret == -ENOENT || ret == -ENOTDIR || ret == -ESTALE ||
           ret == -ELOOP || ret == -EXDEV;
}

/**
 * name_fd_get: pin and return the node's path fd, reopening it when it was
 * evicted.  Returns a borrowed descriptor, good until name_fd_put().
 *
 * An evicted one is -EAGAIN when @call may not wait for storage, or, in a table
 * with NodeRemoteOps, for anything.  -ESTALE/-ENOENT when the way back is gone;
 * -EMFILE when descriptors ran out even after eviction.
 */
int name_fd_get(const FsCall *call, Name *name);
void name_fd_put(Name *name);

/* Type and identity as seen when the node was made; never changes. */
uint32_t node_type(const Node *node);   /* S_IFMT bits */
uint64_t node_dev(const Node *node);
uint64_t node_ino(const Node *node);
uint64_t node_mnt_id(const Node *node);

/* Open files of the inode through this export. */
void node_open_inc(Node *node);
void node_open_dec(Node *node);
bool node_is_open(Node *node);

/**
 * node_fd_account: make room for, and count, a descriptor that is not a path
 * fd (an open file).  -EMFILE when the budget is spent on open files.
 */
int node_fd_account(NodeTable *table);
void node_fd_unaccount(NodeTable *table);
/**
 * node_fd_reclaim: close some cached path fds after the kernel said EMFILE or
 * ENFILE.  Returns whether any was closed: trying again makes sense.
 */
bool node_fd_reclaim(NodeTable *table);

#endif

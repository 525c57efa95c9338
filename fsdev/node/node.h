/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Identity of host objects for the local driver: nodes and names.
 *
 * A Node is an object of the host: an inode, where that can be told from others
 * (node-identity.c).  A Name records that a component in a parent Name led to a
 * Node; the FsNode that the session holds is a Name.  Both are counted and
 * hashed.  ".." is Name.parent and never the kernel's, so that nothing on the
 * host can lead out of the export, and a rename changes the key of one Name and
 * nothing below it.
 *
 * The O_PATH descriptor of a Node is not its identity.  It is cached within a
 * budget; when that is exceeded, descriptors are evicted in batches, leaves
 * first.  An evicted one is opened again through the descriptor of the parent
 * and the name, and the identity is compared: if it differs, the result is
 * -ESTALE and never another file.  A descriptor that could not be opened again
 * for certain, such as that of an unlinked Node, is not evicted.
 *
 * One mutex for each NodeTable guards both hashes, all links between objects,
 * and the cache of descriptors with its pins.  No system call that can sleep is
 * made while it is held.  Context: any thread.
 */
#ifndef FSDEV_NODE_H
#define FSDEV_NODE_H

#include "fsdev/core/fsdriver.h"
#include "fsdev/host/host.h"

typedef struct NodeTable NodeTable;
typedef struct Node Node;
typedef struct Name Name;

/*
 * For a table whose objects are also known to another process, by numbers.
 * Each Name stores the number of its object, if it was received, and that
 * process is asked for a descriptor that cannot be opened again here.
 */
typedef struct NameRemote {
    uint64_t id;
    uint32_t epoch;             /* of the connection that id belongs to */
    uint32_t count:31;          /* how often id was received; 0: never */
    uint32_t gone:1;            /* for forget(): the Name was dead */
} NameRemote;

typedef struct NodeRemoteOps {
    bool asked_first;           /* fetch() before anything is tried here */
    /* Path fd of the Name's object, or -errno. */
    int (*fetch)(const FsCall *call, Name *name);
    /* @remote is no longer used, as its Name was freed.  Never blocks. */
    void (*forget)(FsExport *export, const NameRemote *remote);
} NodeRemoteOps;

typedef struct NodeTableOptions {
    /* @node is about to be freed; never blocks.  May be NULL. */
    void (*node_gone)(FsExport *export, const Node *node);
    const NodeRemoteOps *remote;    /* NULL: no other process knows them */
    /* Bounds that tests lower; 0: those of an export. */
    /* Path fds; 0: all tables of the process share RLIMIT_NOFILE. */
    unsigned fd_budget;
    size_t max_bytes;           /* memory of names and nodes; 0: no bound */
} NodeTableOptions;

/** node_table_new: @root_fd (taken over) is the exported directory. */
NodeTable *node_table_new(FsExport *export, int root_fd, const HostStat *root,
                          const NodeTableOptions *options);
/** node_table_free: the root is the only Name left. */
void node_table_free(NodeTable *table);
/**
 * name_remote_received: @id was received once more.  An earlier number that
 * differs from it, also in its epoch, is passed to forget().
 */
void name_remote_received(Name *name, uint64_t id, uint32_t epoch);
NameRemote name_remote(Name *name);

/** node_table_root: counted. */
Name *node_table_root(NodeTable *table);

typedef struct NodeTableStats {
    size_t nodes;
    size_t names;
    size_t bytes;
    size_t fds;
    size_t evictions;
    size_t fd_limit;            /* of path fds and open files, all tables */
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
 * name_place: where to look for what is in the place of @name now, a directory
 * that was removed by others.
 *
 * Returns 1 and sets *@place (counted) to the Name that was found there last,
 * 0 with *@place the Name of the directory and its @component, or -ENOENT if
 * there is no such place: for the root, and if it was removed through this
 * table.
 */
int name_place(Name *name, Name **place, char *component);
/** name_is_at: is @name still live, as @component of @parent? */
bool name_is_at(Name *name, const Name *parent, const char *component);
/**
 * name_seen_ctime: the ctime that the object had when the driver found that the
 * name leads to it, as set by name_set_seen_ctime(); 0: never since the last
 * rename.
 */
int64_t name_seen_ctime(Name *name);
void name_set_seen_ctime(Name *name, int64_t ctime);

/**
 * name_insert: find or make the Name for @component in @parent, and the Node of
 * the object of @path_fd (taken over, also on failure) with identity @st.
 *
 * With @path_fd -1 the Node has no descriptor, as after an eviction.  Returns
 * counted *@out, -ENFILE at the limit.
 */
int name_insert(Name *parent, const char *component, int path_fd,
                const HostStat *st, Name **out);

/**
 * name_insert_open: the same for an object that is open as @fd (borrowed).  The
 * Node gets a path fd only where its object could not be recognized later.
 */
int name_insert_open(Name *parent, const char *component, int fd,
                     const HostStat *st, Name **out);

/**
 * name_adopt: make a Name, dead from the start, for the object of @path_fd
 * (taken over, also on failure) with identity @st, whose name is gone.
 *
 * Returns counted *@out, -ENFILE at the limit.
 */
int name_adopt(NodeTable *table, int path_fd, const HostStat *st, Name **out);

/**
 * name_pin_for_removal: to be called before an unlink, and before a rename
 * for the name that it may replace.
 *
 * A fid of the victim remains usable only if the descriptor is open when the
 * name is removed.  *@victim is the Name of the victim, counted and with its
 * descriptor pinned, or NULL when there is no such Name or it cannot be opened.
 * Release it by name_unpin() after name_removed() or name_renamed(), or after
 * the operation failed.  Returns 0, or -EAGAIN as name_fd_get().
 */
int name_pin_for_removal(const FsCall *call, Name *dir, const char *component,
                         Name **victim);
/** name_unpin: name_fd_put() and name_unref(); NULL is allowed. */
void name_unpin(Name *victim);

/** name_removed: @component of @dir was unlinked; Names for it become dead. */
void name_removed(Name *dir, const char *component);
/** name_renamed: after a rename; the Name that it replaced becomes dead. */
void name_renamed(Name *dir, const char *component, Name *newdir,
                  const char *newcomponent);

/**
 * name_rename_begin/name_rename_end: put round renameat(2) + name_renamed().
 *
 * A way back that fails meanwhile is tried again at the end, instead of
 * being -ESTALE because the host is ahead of the table.  Begin waits for
 * ways back, in a near @dir never for one through a far directory; no
 * name_fd_get(), name_pin_for_removal() or waiting between the two.
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
 * name_fd_get: pin and return the node's path fd, which is opened again if it
 * was evicted.  Returns a borrowed descriptor, valid until name_fd_put().
 *
 * If it was evicted, -EAGAIN when @call may not wait for storage or, in a table
 * with NodeRemoteOps, for anything.  -ESTALE or -ENOENT when the object can no
 * longer be reached; -EMFILE when eviction does not free a descriptor.
 */
int name_fd_get(const FsCall *call, Name *name);
void name_fd_put(Name *name);

/* Type and identity as seen when the node was made; never changes. */
uint32_t node_type(const Node *node);   /* S_IFMT bits */
uint64_t node_dev(const Node *node);
uint64_t node_ino(const Node *node);
uint64_t node_mnt_id(const Node *node);

/*
 * Can several objects of the file system have the same device and inode number,
 * or one object different ones in turn?  See node-identity.c.
 */
bool node_is_weak(const Node *node);

/* What the guest is told about the identity of an object; see FsAttr. */
typedef struct NodeIdentity {
    uint64_t dev;
    uint64_t ino;
    uint64_t twin;
    uint64_t mark;
    int64_t born;               /* birth time in ns, 0: not known */
} NodeIdentity;
NodeIdentity node_identity(const Node *node);
/** name_identity: of the live Name for @component in @dir; false: none. */
bool name_identity(Name *dir, const char *component, NodeIdentity *identity);
/**
 * name_check_object: is @fd, any descriptor, one of the object of @name?
 *
 * Returns 0 with *@type set to its S_IF* bits, -ESTALE if it is one of another
 * object, or the error of the host if that cannot be told.
 */
int name_check_object(Name *name, int fd, uint32_t *type);

/* Open files of the inode through this export. */
void node_open_inc(Node *node);
void node_open_dec(Node *node);
bool node_is_open(Node *node);

/**
 * node_fd_account: count a descriptor that is not a path fd (an open file), and
 * evict path fds to make room for it.  -EMFILE when there are too many.
 *
 * @is_dir: it is a directory, for which some descriptors are kept.
 */
int node_fd_account(NodeTable *table, bool is_dir);
void node_fd_unaccount(NodeTable *table);
/**
 * node_fd_reclaim: close some cached path fds after a call failed with EMFILE
 * or ENFILE.  Returns whether any was closed, so that the call may be repeated.
 */
bool node_fd_reclaim(NodeTable *table);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Getting the path fd of an object, and opening one again that was evicted.
 *
 * For the latter the way goes up from the Name to the nearest Node that has a
 * descriptor, and then down again, where each inode is compared with the Node
 * that it should be.  If that fails, a table with NodeRemoteOps asks the other
 * process for the descriptor.
 *
 * The way may lead through a file system that hangs for ever.  A call that may
 * wait for storage only does not cross a mount point and makes no lookup in a
 * far directory, see node_is_far().  A thread on its way through near
 * directories does not wait for one that may hang in a far directory.
 *
 * Called by the local driver from any thread.  Descriptors are opened and
 * closed while no lock is held.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/node/node-int.h"

/* How many other names of inodes on the way are tried. */
#define MAX_DETOURS 8

typedef struct Climb {
    bool here;                  /* do not leave what is near */
    GPtrArray *chain;           /* Names, counted; the wanted one first */
    Node *anchor;               /* pinned: where the way down begins */
    Name *anchor_name;          /* counted: keeps the anchor */
    Name *avoid[MAX_DETOURS];   /* counted: led to a wrong object */
    unsigned avoided;
    uint64_t rename_count;      /* when the chain was taken */
    bool calmed;                /* renames were held off before */
    bool calm[2];               /* they are now: in near, in far directories */
} Climb;

static bool climb_avoids(const Climb *climb, const Name *name)
{
    for (unsigned i = 0; i < climb->avoided; i++) {
        if (climb->avoid[i] == name) {
            return true;
        }
    }
    return false;
}

/* Locked: a live Name of the Node of @name, that one if possible. */
static Name *climb_choose(const Climb *climb, Name *name)
{
    Name *other;

    if (name->live && !climb_avoids(climb, name)) {
        return name;
    }
    QLIST_FOREACH(other, &name->node->names, alias) {
        if (!climb_avoids(climb, other)) {
            return other;
        }
    }
    return NULL;
}

/*
 * Collect the Names from @name up to the first whose Node has a descriptor, and
 * pin that.  The way could go in circles if it leaves the chain of parents for
 * another Name of the same directory, hence the limit on detours.
 */
static int climb_up(Climb *climb, Name *name)
{
    NodeTable *table = name->node->table;
    unsigned detours = 0;
    int ret = 0;

    table_lock(table);
    climb->rename_count = table->rename_count;
    while (name->node->fd < 0) {
        Name *step = climb_choose(climb, name);

        if (!step || (step != name && ++detours > MAX_DETOURS)) {
            ret = -ESTALE;
            break;
        }
        g_ptr_array_add(climb->chain, name_ref(step));
        name = step->parent;
    }
    if (ret == 0) {
        climb->anchor_name = name_ref(name);
        climb->anchor = name->node;
        climb->anchor->pins++;
        node_fd_update(climb->anchor);
    }
    table_unlock(table);
    return ret;
}

/* Locked: unpin the anchor, and pin the Node of @to in its place. */
static void anchor_move(Climb *climb, Name *to)
{
    climb->anchor->pins--;
    node_fd_update(climb->anchor);
    climb->anchor = to->node;
    climb->anchor->pins++;
    node_fd_update(climb->anchor);
}

/* Path fd of @component in @dirfd, after eviction if there is no room. */
static int lookup_with_room(NodeTable *table, int dirfd,
                            const char *component, unsigned flags)
{
    int fd = host_lookup(dirfd, component, flags);

    if ((fd == -EMFILE || fd == -ENFILE) && node_fd_reclaim(table)) {
        fd = host_lookup(dirfd, component, flags);
    }
    return fd;
}

/* Locked: let renames in near or far directories go on. */
static void climb_uncalm(Climb *climb, NodeTable *table, bool far)
{
    if (climb->calm[far]) {
        climb->calm[far] = false;
        if (--table->calms[far] == 0) {
            pthread_cond_broadcast(&table->renames_change);
        }
    }
}

/*
 * Path fd of what @name leads to in @dirfd.  Before anything that may hang,
 * renames in near directories are let go on.
 */
static int climb_look(Climb *climb, Name *name, int dirfd)
{
    NodeTable *table = name->node->table;
    char component[NAME_MAX + 1];
    bool careful = climb->here || climb->calm[false];
    int fd = -EXDEV;
    bool far;

    table_lock(table);
    far = node_is_far(name->parent->node);
    memcpy(component, name->component, name->length + 1);
    table_unlock(table);
    if (careful && !far) {
        fd = lookup_with_room(table, dirfd, component, HOST_NO_XDEV);
    }
    if (fd != -EXDEV) {
        return fd;
    }
    if (climb->here) {
        return -EAGAIN;
    }
    table_lock(table);
    climb_uncalm(climb, table, false);
    table_unlock(table);
    return lookup_with_room(table, dirfd, component, 0);
}

/*
 * One step down: look up @name in the directory @dirfd.  On success its Node
 * has a descriptor: if it is in the cache, the Node becomes the anchor and *@fd
 * is -1; otherwise the caller owns *@fd.  With @keep it is always in the cache.
 */
static int climb_step(Climb *climb, Name *name, int dirfd, bool keep, int *fd)
{
    Node *node = name->node;
    NodeTable *table = node->table;
    HOST_FD found = climb_look(climb, name, dirfd);
    HostStat st;
    NodeId id;
    int ret;

    if (found < 0) {
        return found;
    }
    ret = host_stat(found, &st);
    if (ret < 0) {
        return ret;
    }
    node_id_read(node, found, &st, &id);
    if (!node_same(node, &id)) {
        return -ESTALE;
    }
    table_lock(table);
    if (keep && node->fd < 0) {
        node_fd_install(node, host_fd_steal(&found));
    }
    if (node->fd >= 0) {
        anchor_move(climb, name);
        ret = -1;
    } else {
        ret = host_fd_steal(&found);
    }
    table_unlock(table);
    *fd = ret;
    return 0;
}

/*
 * Walk down the chain.  Descriptors of directories high above the end are not
 * cached: on a path longer than the budget they would evict those that are
 * needed.  On success the wanted Node is the anchor; on failure *@failed is the
 * Name that did not lead to its Node.
 */
static int climb_down(Climb *climb, Name **failed)
{
    NodeTable *table = climb->anchor->table;
    guint keep_below = 1 + node_fd_budget(table) / 4;
    HOST_FD own = -1;

    for (guint i = climb->chain->len; i-- > 0; ) {
        Name *name = g_ptr_array_index(climb->chain, i);
        int fd = -1;
        int ret = climb_step(climb, name, own >= 0 ? own : climb->anchor->fd,
                             i < keep_below, &fd);

        if (ret < 0) {
            *failed = name;
            return ret;
        }
        if (own >= 0) {
            close(own);
        }
        own = fd;
    }
    return 0;
}

/* Not locked: release what one attempt holds, but not the pin if @keep_pin. */
static void climb_release(Climb *climb, Name *name, bool keep_pin)
{
    NodeTable *table = name->node->table;

    if (climb->anchor && !keep_pin) {
        table_lock(table);
        climb->anchor->pins--;
        node_fd_update(climb->anchor);
        table_unlock(table);
    }
    climb->anchor = NULL;
    g_clear_pointer(&climb->anchor_name, name_unref);
    g_ptr_array_set_size(climb->chain, 0);
}

/* Forget the Names that did not lead to their Node. */
static void climb_forget(Climb *climb)
{
    while (climb->avoided > 0) {
        name_unref(climb->avoid[--climb->avoided]);
    }
}

/*
 * An attempt failed in a near or a far directory.  If a rename through this
 * export was under way, host and table may have disagreed for a moment: then
 * hold off renames there until climb_end(), so that the result of the next
 * attempt is reliable.  Returns whether there should be one.
 */
static bool climb_calm(Climb *climb, NodeTable *table, bool far)
{
    table_lock(table);
    if (!climb->calmed && (table->renames[far] > 0 ||
                           table->rename_count != climb->rename_count)) {
        climb->calmed = climb->calm[far] = true;
        table->calms[far]++;
        while (table->renames[far] > 0) {
            pthread_cond_wait(&table->renames_change, &table->lock);
        }
        table_unlock(table);
        climb_forget(climb);
        return true;
    }
    table_unlock(table);
    return false;
}

static void climb_end(Climb *climb, NodeTable *table)
{
    climb_forget(climb);
    g_ptr_array_free(climb->chain, true);
    table_lock(table);
    climb_uncalm(climb, table, false);
    climb_uncalm(climb, table, true);
    table_unlock(table);
}

/* An attempt failed at @failed: may another one succeed? */
static bool climb_retry(Climb *climb, NodeTable *table, Name *failed)
{
    bool far = false;

    if (failed) {
        table_lock(table);
        far = node_is_far(failed->parent->node);
        table_unlock(table);
    }
    if (climb_calm(climb, table, far)) {
        return true;
    }
    if (failed && climb->avoided < MAX_DETOURS) {
        /* Perhaps another name of that Node leads to it. */
        climb->avoid[climb->avoided++] = name_ref(failed);
        return true;
    }
    return false;
}

/*
 * One attempt.  Returns the descriptor, pinned, or -errno; then *@again says
 * whether another attempt may succeed.
 */
static int climb_attempt(Climb *climb, Name *name, bool *again)
{
    NodeTable *table = name->node->table;
    Name *failed = NULL;
    int ret = climb_up(climb, name);

    if (ret == 0) {
        ret = climb_down(climb, &failed);
    }
    if (ret == 0) {
        ret = climb->anchor->fd;
        climb_release(climb, name, true);
        return ret;
    }
    if (failed) {
        name_ref(failed);
    }
    climb_release(climb, name, false);
    *again = false;
    if (name_leads_elsewhere(ret)) {
        ret = -ESTALE;
        *again = climb_retry(climb, table, failed);
    }
    g_clear_pointer(&failed, name_unref);
    return ret;
}

/* Returns the Node's descriptor, pinned, or -errno. */
static int node_fd_reopen(const FsCall *call, Name *name)
{
    Climb climb = {
        .here = !fs_call_may_block(call),
        .chain = g_ptr_array_new_with_free_func((GDestroyNotify)name_unref),
    };
    bool again;
    int fd;

    do {
        fd = climb_attempt(&climb, name, &again);
    } while (fd < 0 && again);
    climb_end(&climb, name->node->table);
    return fd;
}

/*
 * Like node_fd_reopen(), but with a descriptor from NodeRemoteOps.fetch().
 * Returns -ESTALE if that is of another object, as the other process may have
 * confused two objects.
 */
static int node_fd_fetch(const FsCall *call, Name *name)
{
    Node *node = name->node;
    NodeTable *table = node->table;
    HOST_FD fd = table->remote->fetch(call, name);
    HostStat st;
    NodeId id;
    int ret;

    if (fd < 0) {
        return fd;
    }
    ret = host_stat(fd, &st);
    if (ret < 0) {
        return ret;
    }
    node_id_read(node, fd, &st, &id);
    if (!node_same(node, &id)) {
        return -ESTALE;
    }
    table_lock(table);
    if (node->fd < 0) {
        node_fd_install(node, host_fd_steal(&fd));
    }
    node->pins++;
    node_fd_update(node);
    ret = node->fd;
    table_unlock(table);
    return ret;
}

/* Returns the Node's descriptor, pinned, or -errno.  May block. */
static int way_back(const FsCall *call, Name *name)
{
    const NodeRemoteOps *remote = name->node->table->remote;
    int fd = remote && remote->asked_first ? -EAGAIN
                                            : node_fd_reopen(call, name);

    return fd < 0 && remote ? node_fd_fetch(call, name) : fd;
}

int name_fd_get(const FsCall *call, Name *name)
{
    Node *node = name->node;
    NodeTable *table = node->table;
    int fd;

    table_lock(table);
    fd = node->fd;
    if (fd >= 0) {
        node->pins++;
        node_fd_update(node);
    }
    table_unlock(table);
    if (fd >= 0) {
        return fd;
    }
    if (!fs_call_may_wait(call, table->remote ? FS_WAIT_ANYTHING
                                              : FS_WAIT_STORAGE)) {
        return -EAGAIN;
    }
    if (!node_fd_make_room(table)) {
        return -EMFILE;
    }
    fd = way_back(call, name);
    node_fd_trim(table);
    return fd;
}

void name_fd_put(Name *name)
{
    Node *node = name->node;

    table_lock(node->table);
    node->pins--;
    node_fd_update(node);
    table_unlock(node->table);
}

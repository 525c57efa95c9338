/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which object of the host a Node is.
 *
 * Where device and inode number tell objects apart (host-identity.h), a Node is
 * the inode with these numbers, whatever names lead to it.  A number may be
 * reused once the inode is gone, so while no descriptor of the Node is open,
 * the birth time or, without one, the file handle is compared as well.
 *
 * Elsewhere a Node is "weak", and numbers prove nothing:
 *  - If the file system has handles that do (HOST_HANDLE_PROOF), these are
 *    compared instead.  FUSE reuses them too once an inode is gone, so names
 *    share a Node only while its descriptor is open.
 *  - Otherwise each name is a Node of its own.  Two hard links are two Nodes
 *    then: the guest sees two inode numbers, and what one of the guest's caches
 *    holds of the first is not updated by a write to the second; locks of one
 *    process on both exclude each other.  The host keeps the contents together
 *    where they really are links.  It is so for files of an overlayfs that are,
 *    or were before a change, in a lower layer, and before Linux 6.6 for all
 *    files of an overlayfs, and for 9p, CIFS and unknown file systems.
 *
 * The numbers of a weak object may change while it is used, when overlayfs
 * copies it to the upper layer.  A Node keeps those that it began with.  If
 * another known object has these, the Node has a "twin" number that tells the
 * two apart; see FsAttr.
 *
 * Called by the other node*.c and, through node.h, by the drivers, from any
 * thread.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/core/fs-hash.h"
#include "fsdev/node/node-int.h"

/* Those that are counted have this bit; the others come from a handle. */
#define TWIN_COUNTED (1ULL << 55)

uint32_t node_hash(const NodeTable *table, const HostStat *st)
{
    uint64_t hash = fs_hash_mix(table->seed, st->ino);

    return fs_hash_mix(hash, st->dev) >> 32;
}

static int64_t btime_of(const HostStat *st)
{
    /* Only compared, so a wrap after the year 2262 is harmless. */
    return (int64_t)((uint64_t)st->btime.tv_sec * 1000000000u +
                     (uint64_t)st->btime.tv_nsec);
}

void node_id_read(const Node *near, int fd, const HostStat *st, NodeId *id)
{
    bool together = st->mnt_id ? st->mnt_id == near->mnt_id
                               : st->dev == near->dev;

    *id = (NodeId) { .st = st };
    id->weak = fd < 0 || together ? near->weak : !host_numbers_tell(fd);
    if (fd >= 0 && (id->weak || !st->has_btime)) {
        id->proof = host_handle(fd, &id->handle) == HOST_HANDLE_PROOF;
    }
}

void node_id_give(Node *node, const NodeId *id)
{
    const HostStat *st = id->st;

    node->dev = st->dev;
    node->ino = st->ino;
    node->mnt_id = st->mnt_id;
    node->type = st->mode & S_IFMT;
    node->weak = id->weak;
    node->proof = id->proof;
    node->mark_is_handle = id->handle;
    node->has_mark = id->handle || st->has_btime;
    node->mark = id->handle ? (int64_t)id->handle : btime_of(st);
}

static bool has_numbers(const Node *node, const HostStat *st)
{
    return node->ino == st->ino && node->dev == st->dev;
}

/* Is nothing against it?  False also if only one of the two has a handle. */
static bool mark_fits(const Node *node, const NodeId *id)
{
    if (node->mark_is_handle || id->handle) {
        return node->mark_is_handle && (uint64_t)node->mark == id->handle;
    }
    return !node->has_mark || !id->st->has_btime ||
           node->mark == btime_of(id->st);
}

static bool place_fits(const Node *node, const HostStat *st)
{
    return node->mnt_id == st->mnt_id && node->type == (st->mode & S_IFMT);
}

bool node_same(const Node *node, const NodeId *id)
{
    if (!place_fits(node, id->st) || node->weak != id->weak) {
        return false;
    }
    if (node->weak && node->proof) {
        return id->proof && mark_fits(node, id);
    }
    /* A strong one may have been made without a descriptor, so no handle. */
    return has_numbers(node, id->st) &&
           (mark_fits(node, id) || (!node->weak && !node->has_mark));
}

bool node_same_in_use(const Node *node, const NodeId *id)
{
    /*
     * An inode of which a descriptor is open has not been replaced.  The birth
     * time of an overlayfs changes with the layer.
     */
    if (node->fd < 0 || node->mark_is_handle || id->handle) {
        return node_same(node, id);
    }
    return has_numbers(node, id->st) && node->mnt_id == id->st->mnt_id &&
           (!node->weak || place_fits(node, id->st));
}

Node *node_find(NodeTable *table, const NodeId *id, uint32_t hash)
{
    HashLink *link = *hash_chain(&table->nodes, hash);

    for (; link; link = link->next) {
        Node *node = container_of(link, Node, link);

        if (link->hash != hash || !has_numbers(node, id->st) ||
            node->weak != id->weak) {
            continue;
        }
        if (node->weak ? node->fd >= 0 && node->proof && node_same(node, id)
                       : node_same_in_use(node, id)) {
            return node;
        }
    }
    return NULL;
}

void node_tell_apart(Node *node, uint32_t hash)
{
    NodeTable *table = node->table;
    HashLink *link = *hash_chain(&table->nodes, hash);
    uint64_t *twin;

    for (; node->weak && link && !node->has_twin; link = link->next) {
        Node *other = container_of(link, Node, link);

        node->has_twin = other != node && other->ino == node->ino &&
                         other->dev == node->dev;
    }
    if (node->has_twin) {
        twin = g_new(uint64_t, 1);
        *twin = node->proof ? (uint64_t)node->mark & (TWIN_COUNTED - 1)
                            : TWIN_COUNTED | ++table->twin_count;
        *twin = *twin ?: 1;
        g_hash_table_insert(table->twins, node, twin);
    }
}

void node_forget_twin(const Node *node)
{
    if (node->has_twin) {
        g_hash_table_remove(node->table->twins, node);
    }
}

bool node_is_weak(const Node *node)
{
    return node->weak;
}

NodeIdentity node_identity(const Node *node)
{
    NodeIdentity identity = { .dev = node->dev, .ino = node->ino };
    const uint64_t *twin;

    if (node->weak && node->mark_is_handle) {
        identity.mark = node->mark;
    }
    if (node->has_mark && !node->mark_is_handle) {
        identity.born = node->mark;
    }
    if (node->has_twin) {
        table_lock(node->table);
        twin = g_hash_table_lookup(node->table->twins, node);
        identity.twin = *twin;
        table_unlock(node->table);
    }
    return identity;
}

bool name_identity(Name *dir, const char *component, NodeIdentity *identity)
{
    NodeTable *table = dir->node->table;
    Name *name;

    table_lock(table);
    name = name_find(table, dir, component);
    if (name) {
        name_ref(name);
    }
    table_unlock(table);
    if (!name) {
        return false;
    }
    *identity = node_identity(name->node);
    name_unref(name);
    return true;
}

/* ---- objects whose numbers change ------------------------------------- */

/*
 * Not locked: has the object of @name, with its open descriptor, the numbers of
 * @st now?
 */
static bool has_come_to(Name *name, const HostStat *st)
{
    HostStat now;
    bool has;
    int fd;

    table_lock(name->node->table);
    fd = name->node->fd;
    if (fd >= 0) {
        name->node->pins++;
        node_fd_update(name->node);
    }
    table_unlock(name->node->table);
    if (fd < 0) {
        return false;
    }
    has = host_stat(fd, &now) == 0 && now.ino == st->ino &&
          now.dev == st->dev && place_fits(name->node, &now) &&
          now.has_btime == st->has_btime && btime_of(&now) == btime_of(st);
    name_fd_put(name);
    return has;
}

/* Can only its present numbers say whether @id is the object of @node? */
static bool is_in_doubt(const Node *node, const NodeId *id)
{
    return node->weak && !node->proof && !has_numbers(node, id->st) &&
           place_fits(node, id->st) &&
           (!(node->mark_is_handle || id->handle) || mark_fits(node, id));
}

Name *name_with_new_numbers(Name *parent, const char *component,
                            const NodeId *id)
{
    NodeTable *table = parent->node->table;
    Name *name;

    table_lock(table);
    name = name_find(table, parent, component);
    name = name && is_in_doubt(name->node, id) ? name_ref(name) : NULL;
    table_unlock(table);
    if (name && !has_come_to(name, id->st)) {
        g_clear_pointer(&name, name_unref);
    }
    return name;
}

/* For a node whose numbers prove nothing. */
static int check_weak(Name *name, int fd)
{
    const Node *node = name->node;
    HostStat st;
    NodeId id;
    int ret = host_stat(fd, &st);

    if (ret < 0) {
        return ret;
    }
    st.mnt_id = node->mnt_id;
    node_id_read(node, fd, &st, &id);
    return node_same(node, &id) ||
           (is_in_doubt(node, &id) && has_come_to(name, &st)) ? 0 : -ESTALE;
}

int name_check_object(Name *name, int fd, uint32_t *type)
{
    const Node *node = name->node;
    struct stat st;

    if (fstat(fd, &st) < 0) {
        return -errno;
    }
    *type = st.st_mode & S_IFMT;
    if (!node->weak) {
        return st.st_dev == node->dev && st.st_ino == node->ino ? 0 : -ESTALE;
    }
    return check_weak(name, fd);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Nodes and names: which host object a fid stands for, and how it is reached.
 *
 * A Name is live while it is hashed: when it was last looked up, its component
 * in its parent led to its Node.  It becomes dead when it is unlinked, when it
 * is replaced by a rename, and when it is found to lead to another inode.  A
 * dead Name keeps its Node and its parent ("..") as long as it is referenced,
 * but name_locate() returns -ENOENT for it, and it no longer helps to find an
 * object.  If it was a directory that another one has replaced on the host, it
 * has that one as its follower.  A Name never changes its Node.  A Node lives
 * as long as a Name holds it.  Descriptors are the task of node-fd.c.
 *
 * Called by the local driver from any thread.  Nothing here blocks except that
 * dropping the last reference may close descriptors, though never those whose
 * closing takes long (host-close.h).
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/core/fs-hash.h"
#include "fsdev/host/host-close.h"
#include "fsdev/node/node-int.h"

/* A rename to a name of this length needs no second block of memory. */
#define MIN_ROOM 8

/* Hashing */

static uint32_t name_hash(const NodeTable *table, const Name *parent,
                          const char *component, size_t length)
{
    uint64_t hash = fs_hash_mix(table->seed, (uintptr_t)parent);
    uint64_t word;

    while (length >= sizeof(word)) {
        memcpy(&word, component, sizeof(word));
        hash = fs_hash_mix(hash, word);
        component += sizeof(word);
        length -= sizeof(word);
    }
    word = length;
    for (size_t i = 0; i < length; i++) {
        word = (word << 8) | (unsigned char)component[i];
    }
    hash = fs_hash_mix(hash, word);
    return fs_hash_mix(hash, hash >> 32) >> 32;
}

bool node_is_far(const Node *node)
{
    return node->dev != node->table->near_dev;
}

Name *name_find(NodeTable *table, const Name *parent, const char *component)
{
    size_t length = strlen(component);
    uint32_t hash = name_hash(table, parent, component, length);
    HashLink *link = *hash_chain(&table->names, hash);

    for (; link; link = link->next) {
        Name *name = container_of(link, Name, link);

        if (link->hash == hash && name->parent == parent &&
            name->length == length &&
            !memcmp(name->component, component, length)) {
            return name;
        }
    }
    return NULL;
}

/* Making and freeing */

static size_t block_size(const NodeTable *table, size_t capacity)
{
    return (table->remote ? offsetof(RemoteName, name) : 0) +
           offsetof(Name, room) + capacity + 1;
}

static Name *block_new(const NodeTable *table, size_t capacity)
{
    void *block = g_malloc0(block_size(table, capacity));

    return table->remote ? &((RemoteName *)block)->name : block;
}

static void block_free(const NodeTable *table, Name *name)
{
    if (table->remote) {
        g_free(container_of(name, RemoteName, name));
    } else {
        g_free(name);
    }
}

/* Locked.  For a Name whose table has NodeRemoteOps. */
static NameRemote *remote_of(Name *name)
{
    return &container_of(name, RemoteName, name)->remote;
}

size_t name_size(const Name *name)
{
    size_t size = block_size(name->node->table, name->capacity) +
                  OBJECT_OVERHEAD;

    if (name->component != name->room) {
        size += name->length + 1 + OBJECT_OVERHEAD;
    }
    return size;
}

Node *node_new(NodeTable *table, const NodeId *id, uint32_t hash)
{
    Node *node = g_new0(Node, 1);

    node->table = table;
    node_id_give(node, id);
    node->fd = -1;
    node->queue = LRU_NONE;
    hash_insert(&table->nodes, &node->link, hash);
    node_tell_apart(node, hash);
    table->node_count++;
    table->bytes += sizeof(*node) + OBJECT_OVERHEAD;
    return node;
}

Name *name_new(Name *parent, const char *component, Node *node)
{
    NodeTable *table = node->table;
    size_t length = strlen(component);
    size_t capacity = MAX(length, MIN_ROOM);
    Name *name = block_new(table, capacity);

    name->fs.export = table->export;
    name->parent = parent ? name_ref(parent) : name;
    name->node = node;
    name->component = name->room;
    name->length = length;
    name->capacity = capacity;
    name->refs = 1;
    memcpy(name->room, component, length);
    node->holders++;
    table->name_count++;
    table->path_bytes += length;
    table->bytes += name_size(name);
    return name;
}

void name_make_live(Name *name)
{
    NodeTable *table = name->node->table;
    Node *node = name->node;

    hash_insert(&table->names, &name->link,
                name_hash(table, name->parent, name->component,
                          name->length));
    name->live = true;
    QLIST_INSERT_HEAD(&node->names, name, alias);
    name->parent->node->children++;
    node_fd_update(name->parent->node);
    node_fd_update(node);
}

void name_make_dead(Name *name)
{
    Node *node = name->node;

    if (!name->live) {
        return;
    }
    hash_remove(&node->table->names, &name->link);
    name->live = false;
    QLIST_REMOVE(name, alias);
    name->parent->node->children--;
    node_fd_update(name->parent->node);
    node_fd_update(node);
}

Name *name_ref(Name *name)
{
    g_atomic_int_inc(&name->refs);
    return name;
}

/* Drop a reference unless it is the last one. */
static bool name_unref_fast(Name *name)
{
    gint refs = g_atomic_int_get(&name->refs);

    while (refs > 1) {
        if (g_atomic_int_compare_and_exchange(&name->refs, refs, refs - 1)) {
            return true;
        }
        refs = g_atomic_int_get(&name->refs);
    }
    return false;
}

/* Locked: the follower of @name, which has none then; NULL: it has none. */
static Name *take_follower(NodeTable *table, Name *name)
{
    Name *follower = NULL;

    if (name->followed) {
        follower = g_hash_table_lookup(table->followers, name);
        g_hash_table_remove(table->followers, name);
        name->followed = false;
    }
    return follower;
}

/*
 * Locked: take a Name without references out of the table.  If this was the
 * last Name of its Node, put that on @nodes for free_nodes().  Its follower is
 * put on @followers, to be released.
 */
static void name_detach(Name *name, LruHead *nodes, GSList **followers)
{
    Node *node = name->node;
    NodeTable *table = node->table;
    Name *follower = take_follower(table, name);

    if (follower) {
        *followers = g_slist_prepend(*followers, follower);
    }
    if (table->remote) {
        remote_of(name)->gone = !name->live;
    }
    name_make_dead(name);
    table->name_count--;
    table->path_bytes -= name->length;
    table->bytes -= name_size(name);
    if (--node->holders > 0) {
        return;
    }
    node->removed = name->removed;
    node_forget_twin(node);
    hash_remove(&table->nodes, &node->link);
    table->node_count--;
    table->bytes -= sizeof(*node) + OBJECT_OVERHEAD;
    if (node->fd >= 0) {
        /* It no longer counts as cached, but is still to be closed. */
        node->fd = node_fd_take(node);
    }
    QTAILQ_INSERT_TAIL(nodes, node, lru);
}

static void free_names(const NodeTable *table, NameList *names)
{
    Name *name;

    while ((name = QLIST_FIRST(names))) {
        QLIST_REMOVE(name, alias);
        if (table->remote && remote_of(name)->count) {
            table->remote->forget(table->export, remote_of(name));
        }
        if (name->component != name->room) {
            g_free(name->component);
        }
        block_free(table, name);
    }
}

/* Not locked: the last close of an unlinked file frees its blocks. */
static void free_nodes(LruHead *nodes)
{
    Node *node;

    while ((node = QTAILQ_FIRST(nodes))) {
        QTAILQ_REMOVE(nodes, node, lru);
        if (node->table->node_gone) {
            node->table->node_gone(node->table->export, node);
        }
        if (node->fd >= 0 && node->removed && node->type == S_IFREG) {
            host_close_removed(node->fd);
        } else if (node->fd >= 0) {
            close(node->fd);
        }
        g_free(node);
    }
}

/* Release @name, and put the followers that it may have held on *@followers. */
static void unref_one(NodeTable *table, Name *name, GSList **followers)
{
    NameList names;
    LruHead nodes;

    QLIST_INIT(&names);
    QTAILQ_INIT(&nodes);
    table_lock(table);
    /* It may be the last to hold thousands of parents: no recursion. */
    while (g_atomic_int_dec_and_test(&name->refs)) {
        Name *parent = name->parent;

        name_detach(name, &nodes, followers);
        QLIST_INSERT_HEAD(&names, name, alias);
        if (parent == name) {
            break;
        }
        name = parent;
    }
    table_unlock(table);
    free_names(table, &names);
    free_nodes(&nodes);
}

void name_unref(Name *name)
{
    NodeTable *table = name->node->table;
    GSList *followers = NULL;

    if (name_unref_fast(name)) {
        return;
    }
    unref_one(table, name, &followers);
    while (followers) {
        name = followers->data;
        followers = g_slist_delete_link(followers, followers);
        unref_one(table, name, &followers);
    }
}

/* The table */

NodeTable *node_table_new(FsExport *export, int root_fd, const HostStat *root,
                          const NodeTableOptions *options)
{
    NodeTable *table = g_new0(NodeTable, 1);
    NodeId id = { .st = root, .weak = !host_numbers_tell(root_fd) };
    Node *node;

    pthread_mutex_init(&table->lock, NULL);
    pthread_cond_init(&table->renames_change, NULL);
    table->export = export;
    table->remote = options->remote;
    table->node_gone = options->node_gone;
    table->near_dev = root->dev;
    table->max_bytes = options->max_bytes ?: SIZE_MAX;
    table->seed = ((uint64_t)g_random_int() << 32) | g_random_int();
    hash_init(&table->nodes);
    hash_init(&table->names);
    table->followers = g_hash_table_new(NULL, NULL);
    table->twins = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    node_fd_table_init(table, options->fd_budget);

    table_lock(table);
    node = node_new(table, &id, node_hash(table, root));
    node->is_root = true;
    node_fd_install(node, root_fd);
    table->root = name_new(NULL, "", node);
    table_unlock(table);
    return table;
}

void node_table_free(NodeTable *table)
{
    assert(table->name_count == 1);
    node_fd_table_exit(table);
    name_unref(table->root);
    hash_free(&table->nodes);
    hash_free(&table->names);
    g_hash_table_destroy(table->followers);
    g_hash_table_destroy(table->twins);
    pthread_cond_destroy(&table->renames_change);
    pthread_mutex_destroy(&table->lock);
    g_free(table);
}

Name *node_table_root(NodeTable *table)
{
    return name_ref(table->root);
}

void node_table_stats(NodeTable *table, NodeTableStats *stats)
{
    table_lock(table);
    *stats = (NodeTableStats) {
        .nodes = table->node_count,
        .names = table->name_count,
        .bytes = table->bytes,
        .fds = g_atomic_int_get(&table->fds),
        .evictions = table->evictions,
        .fd_limit = node_fd_hard_limit(),
    };
    table_unlock(table);
}

/* Names */

Name *name_parent(Name *name)
{
    NodeTable *table = name->node->table;
    Name *parent;

    table_lock(table);
    parent = name_ref(name->parent);
    table_unlock(table);
    return parent;
}

Node *name_node(Name *name)
{
    return name->node;
}

FsNode *name_to_fs(Name *name)
{
    return &name->fs;
}

Name *name_from_fs(FsNode *node)
{
    return container_of(node, Name, fs);
}

int name_locate(Name *name, Name **parent, char *component)
{
    NodeTable *table = name->node->table;
    int ret = 0;

    if (name == table->root) {
        return -EBUSY;
    }
    table_lock(table);
    if (name->live) {
        *parent = name_ref(name->parent);
        memcpy(component, name->component, name->length + 1);
    } else {
        ret = -ENOENT;
    }
    table_unlock(table);
    return ret;
}

int name_place(Name *name, Name **place, char *component)
{
    NodeTable *table = name->node->table;
    int ret = 0;

    table_lock(table);
    /* As far as possible at once: a directory may be made anew very often. */
    while (name->followed) {
        name = g_hash_table_lookup(table->followers, name);
        ret = 1;
    }
    if (name->removed || name == table->root) {
        ret = -ENOENT;
    } else if (ret) {
        *place = name_ref(name);
    } else {
        *place = name_ref(name->parent);
        memcpy(component, name->component, name->length + 1);
    }
    table_unlock(table);
    return ret;
}

void name_remote_received(Name *name, uint64_t id, uint32_t epoch)
{
    NodeTable *table = name->node->table;
    NameRemote *remote = remote_of(name);
    NameRemote old = { 0 };

    table_lock(table);
    if (remote->id != id || remote->epoch != epoch) {
        old = *remote;
        *remote = (NameRemote) { .id = id, .epoch = epoch };
    }
    remote->count++;
    table_unlock(table);
    if (old.count) {
        table->remote->forget(table->export, &old);
    }
}

NameRemote name_remote(Name *name)
{
    NameRemote remote;

    table_lock(name->node->table);
    remote = *remote_of(name);
    table_unlock(name->node->table);
    return remote;
}

/* Nodes */

uint32_t node_type(const Node *node)
{
    return node->type;
}

uint64_t node_dev(const Node *node)
{
    return node->dev;
}

uint64_t node_ino(const Node *node)
{
    return node->ino;
}

uint64_t node_mnt_id(const Node *node)
{
    return node->mnt_id;
}

void node_open_inc(Node *node)
{
    g_atomic_int_inc(&node->opens);
}

void node_open_dec(Node *node)
{
    g_atomic_int_add(&node->opens, -1);
}

bool node_is_open(Node *node)
{
    return g_atomic_int_get(&node->opens) > 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The cache of path fds: budget and eviction.
 *
 * A Node is in one of the two LRU queues of its table while its descriptor may
 * be closed: the descriptor is not in use, a live Name leads to the Node, and
 * the Node is not the root.  Nodes that are the parent of live Names are
 * evicted last, since all objects below them are reached through their
 * descriptors.  node-climb.c opens evicted descriptors again.
 *
 * Called by the other node*.c and, through node.h, by the drivers, from any
 * thread.  Descriptors are closed while no lock is held.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/core/fs-trace.h"
#include "fsdev/node/node-int.h"

#include <sys/resource.h>

enum {
    RESERVED_FDS = 64,      /* for what the rest of QEMU opens later */
    COUNTED_FDS = 4096,     /* numbers below this are looked at */
    MIN_FDS = 16,           /* used even if fewer are left for 9p */
    MAX_FDS = 1 << 20,      /* where there is no limit */
    MAX_OPEN_RESERVE = 32,  /* path fds that open files may not displace */
    MAX_BATCH = 64,
    MIN_CACHE = 8,          /* kept above the budget if others must stay */
};

/*
 * The budget of the process.  Counters and limits are atomic and are compared
 * without a lock, so a limit may be exceeded by a few descriptors for a short
 * time.
 */
static struct {
    pthread_mutex_t lock;   /* guards tables; taken before a table's lock */
    QSLIST_HEAD(, NodeTable) tables;    /* borrowed */
    gint path_fds;          /* cached, all tables */
    gint open_fds;          /* node_fd_account() */
    gint path_limit;        /* more path fds than this are evicted */
    gint hard_limit;        /* both kinds together */
} fd_registry = {
    .lock = PTHREAD_MUTEX_INITIALIZER,
    .path_limit = MIN_FDS,
    .hard_limit = MIN_FDS,
};

/*
 * How many descriptors the rest of QEMU has: images, monitors, network, …
 * Called while the root of a new table is open and not in path_fds yet.
 */
static gint count_others(gint limit)
{
    gint ours = g_atomic_int_get(&fd_registry.path_fds) +
                g_atomic_int_get(&fd_registry.open_fds) + 1;
    gint open = 0;

    for (int fd = 0; fd < MIN(limit, COUNTED_FDS); fd++) {
        open += fcntl(fd, F_GETFD) >= 0;
    }
    return MAX(open - ours, 0);
}

static void read_limits(void)
{
    struct rlimit rlim;
    gint hard = MIN_FDS;

    if (getrlimit(RLIMIT_NOFILE, &rlim) == 0) {
        gint fds = MIN(rlim.rlim_cur, MAX_FDS);

        hard = MAX(fds - count_others(fds) - RESERVED_FDS, MIN_FDS);
    }
    g_atomic_int_set(&fd_registry.hard_limit, hard);
    g_atomic_int_set(&fd_registry.path_limit, MAX(hard / 2, MIN_FDS));
}

gint node_fd_hard_limit(void)
{
    return g_atomic_int_get(&fd_registry.hard_limit);
}

void node_fd_table_init(NodeTable *table, unsigned fd_budget)
{
    QTAILQ_INIT(&table->lru[LRU_LEAF]);
    QTAILQ_INIT(&table->lru[LRU_DIR]);
    table->fd_budget = fd_budget;
    read_limits();
    pthread_mutex_lock(&fd_registry.lock);
    QSLIST_INSERT_HEAD(&fd_registry.tables, table, next);
    pthread_mutex_unlock(&fd_registry.lock);
}

void node_fd_table_exit(NodeTable *table)
{
    pthread_mutex_lock(&fd_registry.lock);
    QSLIST_REMOVE(&fd_registry.tables, table, NodeTable, next);
    pthread_mutex_unlock(&fd_registry.lock);
}

/* The cache */

static void lru_remove(Node *node)
{
    NodeTable *table = node->table;

    if (node->queue != LRU_NONE) {
        QTAILQ_REMOVE(&table->lru[node->queue], node, lru);
        node->queue = LRU_NONE;
        table->evictable--;
    }
}

void node_fd_update(Node *node)
{
    NodeTable *table = node->table;

    lru_remove(node);
    if (node->fd >= 0 && !node->pins && !QLIST_EMPTY(&node->names) &&
        !node->is_root) {
        node->queue = node->children ? LRU_DIR : LRU_LEAF;
        QTAILQ_INSERT_TAIL(&table->lru[node->queue], node, lru);
        table->evictable++;
    }
}

void node_fd_install(Node *node, int fd)
{
    node->fd = fd;
    g_atomic_int_inc(&node->table->fds);
    g_atomic_int_inc(&fd_registry.path_fds);
    node_fd_update(node);
}

int node_fd_take(Node *node)
{
    int fd = node->fd;

    node->fd = -1;
    lru_remove(node);
    g_atomic_int_add(&node->table->fds, -1);
    g_atomic_int_add(&fd_registry.path_fds, -1);
    return fd;
}

/*
 * Locked: could the descriptor of @node, which is evictable, be opened again?
 * That of its parent may be lost if the directory was replaced on the host, and
 * then the descriptors below it are better kept.
 */
static bool has_way_back(const Node *node)
{
    const Name *name;

    QLIST_FOREACH(name, &node->names, alias) {
        const Node *dir = name->parent->node;

        if (dir->fd >= 0 || !QLIST_EMPTY(&dir->names)) {
            return true;
        }
    }
    return false;
}

/* Locked: take up to @max descriptors of @queue out of the cache. */
static unsigned evict_from(NodeTable *table, LruQueue queue, int *fds,
                           unsigned max)
{
    LruHead *head = &table->lru[queue];
    const Node *first_kept = NULL;
    unsigned count = 0;
    Node *node;

    while (count < max && (node = QTAILQ_FIRST(head)) && node != first_kept) {
        if (has_way_back(node)) {
            trace_fs_node_evict(table->export->config.id ?: "", node->dev,
                                node->ino, node->fd);
            fds[count++] = node_fd_take(node);
        } else {
            QTAILQ_REMOVE(head, node, lru);
            QTAILQ_INSERT_TAIL(head, node, lru);
            first_kept = first_kept ?: node;
        }
    }
    table->evictions += count;
    return count;
}

gint node_fd_budget(const NodeTable *table)
{
    return table->fd_budget ? (gint)table->fd_budget :
           g_atomic_int_get(&fd_registry.path_limit);
}

/*
 * Not locked: close some descriptors, but leave @spare evictable ones.
 * Returns whether any was closed.
 */
static bool evict_batch(NodeTable *table, gint spare)
{
    gint batch = CLAMP(node_fd_budget(table) / 16, 1, MAX_BATCH);
    int fds[MAX_BATCH];
    unsigned count = 0;

    table_lock(table);
    batch = MIN(batch, table->evictable - spare);
    if (batch > 0) {
        count = evict_from(table, LRU_LEAF, fds, batch);
    }
    if (batch > 0 && count == 0) {
        count = evict_from(table, LRU_DIR, fds, batch);
    }
    table_unlock(table);
    for (unsigned i = 0; i < count; i++) {
        close(fds[i]);
    }
    return count > 0;
}

/* Not locked: evict from @table or, if it has nothing to evict, others. */
static bool evict_somewhere(NodeTable *table, gint spare)
{
    bool done = evict_batch(table, spare);
    NodeTable *other;

    if (done) {
        return true;
    }
    pthread_mutex_lock(&fd_registry.lock);
    QSLIST_FOREACH(other, &fd_registry.tables, next) {
        if (other != table && evict_batch(other, spare)) {
            done = true;
            break;
        }
    }
    pthread_mutex_unlock(&fd_registry.lock);
    return done;
}

static bool hard_limit_reached(int more)
{
    return g_atomic_int_get(&fd_registry.path_fds) +
           g_atomic_int_get(&fd_registry.open_fds) + more >
           g_atomic_int_get(&fd_registry.hard_limit);
}

/*
 * The descriptors that cannot be evicted may exceed the soft budgets on their
 * own, for example those of a guest that holds thousands of unlinked files.
 * The cache then shrinks to MIN_CACHE and is not emptied, or every request
 * would have to open its descriptors again.  At the hard limit it is emptied.
 */
void node_fd_trim(NodeTable *table)
{
    gint spare = MIN(MIN_CACHE, node_fd_budget(table) / 2);

    if (table->fd_budget) {
        while (g_atomic_int_get(&table->fds) > node_fd_budget(table) &&
               evict_batch(table, spare)) {
            /* Another batch may be needed. */
        }
    }
    while (g_atomic_int_get(&fd_registry.path_fds) >
           g_atomic_int_get(&fd_registry.path_limit) &&
           evict_somewhere(table, spare)) {
        /* Another batch may be needed. */
    }
    while (hard_limit_reached(0) && evict_somewhere(table, 0)) {
        /* Another batch may be needed. */
    }
}

bool node_fd_make_room(NodeTable *table)
{
    return !hard_limit_reached(1) || evict_somewhere(table, 0);
}

bool node_fd_reclaim(NodeTable *table)
{
    return evict_somewhere(table, 0);
}

int node_fd_account(NodeTable *table)
{
    gint hard = g_atomic_int_get(&fd_registry.hard_limit);
    gint open_limit = hard - MIN(hard / 4, MAX_OPEN_RESERVE);

    if (g_atomic_int_add(&fd_registry.open_fds, 1) >= open_limit) {
        goto refuse;
    }
    while (hard_limit_reached(0)) {
        if (!evict_somewhere(table, 0)) {
            goto refuse;
        }
    }
    return 0;

refuse:
    node_fd_unaccount(table);
    return -EMFILE;
}

void node_fd_unaccount(NodeTable *table)
{
    g_atomic_int_add(&fd_registry.open_fds, -1);
}

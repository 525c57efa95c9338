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
 * What the rest of QEMU has open, now and later, is left out of the budget.
 * That is counted at the start of an export, and again as the budget is used
 * up: after a part of what was left, and for each refusal.
 *
 * Called by the other node*.c and, through node.h, by the drivers, from any
 * thread.  Descriptors are closed while no lock is held.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/core/fs-trace.h"
#include "fsdev/node/node-int.h"

#include <sys/resource.h>

enum {
    RESERVED_FDS = 64,      /* for what the rest of QEMU opens meanwhile */
    MIN_FDS = 16,           /* used even if fewer are left for 9p */
    MAX_FDS = 1 << 20,      /* where there is no limit */
    MAX_OPEN_RESERVE = 32,  /* path fds that open files may not displace */
    MAX_DIR_RESERVE = 16,   /* directories that open files may not displace */
    COUNT_PART = 8,         /* count again after this part of what was left */
    COUNT_BATCHES = 8,      /* … and after as many evictions */
    COUNT_SLOW_MS = 100,    /* how often where counting takes long */
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
    gint count_at;          /* count the others when there are as many */
    gint batches;           /* evicted since then */
    gsize counted_ms;       /* when that was */
} fd_registry = {
    .lock = PTHREAD_MUTEX_INITIALIZER,
    .path_limit = MIN_FDS,
    .hard_limit = MIN_FDS,
};

/* What the budget is about. */
static gint count_ours(void)
{
    return g_atomic_int_get(&fd_registry.path_fds) +
           g_atomic_int_get(&fd_registry.open_fds);
}

/*
 * Set the limits: the limit of the process without what the rest of QEMU has
 * open (images, monitors, network, …).  @more: ours that are not counted yet.
 */
static void read_limits(gint more)
{
    gint ours = count_ours() + more;
    struct rlimit rlim;
    gint hard = MIN_FDS;

    if (getrlimit(RLIMIT_NOFILE, &rlim) == 0) {
        gint fds = MIN(rlim.rlim_cur, MAX_FDS);
        gint others = MAX(host_count_fds() - ours, 0);

        hard = MAX(fds - others - RESERVED_FDS, MIN_FDS);
    }
    g_atomic_int_set(&fd_registry.hard_limit, hard);
    g_atomic_int_set(&fd_registry.path_limit, MAX(hard / 2, MIN_FDS));
    g_atomic_int_set(&fd_registry.count_at,
                     ours + MAX((hard - ours) / COUNT_PART, 1));
    g_atomic_int_set(&fd_registry.batches, 0);
    g_atomic_pointer_set(&fd_registry.counted_ms,
                         (gsize)(g_get_monotonic_time() / 1000));
}

/* Count the others again, for a reason that may come up often. */
static void read_limits_again(void)
{
    gsize now = g_get_monotonic_time() / 1000;

    if (host_features()->fd_count ||
        now - (gsize)g_atomic_pointer_get(&fd_registry.counted_ms) >=
        COUNT_SLOW_MS) {
        read_limits(0);
    }
}

static void read_limits_if_due(void)
{
    if (count_ours() >= g_atomic_int_get(&fd_registry.count_at)) {
        read_limits(0);
    } else if (g_atomic_int_get(&fd_registry.batches) >= COUNT_BATCHES) {
        read_limits_again();
    }
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
    read_limits(1);             /* its root */
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
    g_atomic_int_inc(&fd_registry.batches);
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
    return count_ours() + more > g_atomic_int_get(&fd_registry.hard_limit);
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

    read_limits_if_due();
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

/* How many of ours may be open files, or with @is_dir directories. */
static gint open_limit(bool is_dir)
{
    gint hard = g_atomic_int_get(&fd_registry.hard_limit);
    gint limit = hard - MIN(hard / 4, MAX_OPEN_RESERVE);

    return is_dir ? limit : limit - MIN(hard / 8, MAX_DIR_RESERVE);
}

static bool account(NodeTable *table, bool is_dir)
{
    if (g_atomic_int_add(&fd_registry.open_fds, 1) >= open_limit(is_dir)) {
        node_fd_unaccount(table);
        return false;
    }
    while (hard_limit_reached(0)) {
        if (!evict_somewhere(table, 0)) {
            node_fd_unaccount(table);
            return false;
        }
    }
    return true;
}

int node_fd_account(NodeTable *table, bool is_dir)
{
    read_limits_if_due();
    if (account(table, is_dir)) {
        return 0;
    }
    /* Others may have closed some. */
    read_limits_again();
    if (account(table, is_dir)) {
        return 0;
    }
    fs_budget_report(&table->export->budget, FS_BUDGET_FILES);
    return -EMFILE;
}

void node_fd_unaccount(NodeTable *table)
{
    g_atomic_int_add(&fd_registry.open_fds, -1);
}

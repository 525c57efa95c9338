/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A node table over a temporary directory, and the operations of a driver
 * reduced to what they do with nodes.
 *
 * Functions with "must" in their names fail the test instead of returning an
 * error.  Context: any thread, as node.h.
 */
#ifndef NODE_FIXTURE_H
#define NODE_FIXTURE_H

#include "fsdev/node/node.h"
#include "lib/scratch.h"

typedef struct NodeFixture {
    Scratch *scratch;
    NodeTable *table;
    Name *root;
    FsExport export;
} NodeFixture;

void node_fixture_init(NodeFixture *f, unsigned fd_budget, size_t max_bytes);
void node_fixture_clear(NodeFixture *f);

/** node_walk: look up @component in @dir: 0 and a counted *@out, or -errno. */
int node_walk(Name *dir, const char *component, Name **out);
Name *node_must_walk(Name *dir, const char *component);
/** node_must_reach: walk a path of several components from the root. */
Name *node_must_reach(NodeFixture *f, const char *path);
/** node_stat: stat the name's descriptor, which is reopened if needed. */
int node_stat(Name *name, HostStat *st);
/** node_stat_result: only whether it succeeds. */
int node_stat_result(Name *name);
/** node_is_cached: has it a descriptor at hand? */
bool node_is_cached(Name *name);
uint64_t node_must_ino(Name *name);
/** node_evict_all: evict every descriptor that may be evicted. */
void node_evict_all(NodeFixture *f);
NodeTableStats node_stats(NodeFixture *f);

/* As a driver does it: pin the victim, change the host, update the table. */
int node_unlink(Name *dir, const char *component);
int node_rename(Name *dir, const char *component, Name *newdir,
                const char *newcomponent);

/** node_assert_at: @name must be @component in @parent; NULL: must be dead. */
void node_assert_at(Name *name, Name *parent, const char *component);

#endif

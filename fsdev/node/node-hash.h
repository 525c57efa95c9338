/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An intrusive hash table with chains, for the objects of node.c.
 *
 * Elements embed a HashLink, so the table itself takes one pointer for each
 * slot.  Resizing is spread over the operations that follow it, each of which
 * moves a few slots: no request of a guest with half a million names has to
 * wait until all of them are moved.  The caller defines the keys and compares
 * them.  The mutex of the NodeTable guards the table.
 */
#ifndef FSDEV_NODE_HASH_H
#define FSDEV_NODE_HASH_H

#include "fsdev/core/p9-osdep.h"

typedef struct HashLink HashLink;
struct HashLink {
    HashLink *next;
    uint32_t hash;
};

typedef struct HashTable {
    HashLink **slots;       /* owned; a power of two of them */
    size_t mask;
    HashLink **old;         /* owned; being emptied into slots, or NULL */
    size_t old_mask;
    size_t moved;           /* slots of old that have been emptied */
    size_t count;
} HashTable;

enum {
    HASH_MIN_SLOTS = 64,
    HASH_MOVE_SLOTS = 4,    /* so a move ends long before the next begins */
};

static inline void hash_init(HashTable *table)
{
    *table = (HashTable) {
        .slots = g_new0(HashLink *, HASH_MIN_SLOTS),
        .mask = HASH_MIN_SLOTS - 1,
    };
}

static inline void hash_free(HashTable *table)
{
    g_free(table->slots);
    g_free(table->old);
}

/* The chain that holds the elements with this hash. */
static inline HashLink **hash_chain(const HashTable *table, uint32_t hash)
{
    if (table->old && (hash & table->old_mask) >= table->moved) {
        return &table->old[hash & table->old_mask];
    }
    return &table->slots[hash & table->mask];
}

static inline void hash_move_some(HashTable *table)
{
    for (int i = 0; table->old && i < HASH_MOVE_SLOTS; i++) {
        HashLink *link = table->old[table->moved++];

        while (link) {
            HashLink *next = link->next;
            HashLink **slot = &table->slots[link->hash & table->mask];

            link->next = *slot;
            *slot = link;
            link = next;
        }
        if (table->moved > table->old_mask) {
            g_free(table->old);
            table->old = NULL;
        }
    }
}

static inline void hash_resize(HashTable *table, size_t slots)
{
    table->old = table->slots;
    table->old_mask = table->mask;
    table->moved = 0;
    table->slots = g_new0(HashLink *, slots);
    table->mask = slots - 1;
}

static inline void hash_insert(HashTable *table, HashLink *link, uint32_t hash)
{
    HashLink **chain;

    if (!table->old && table->count > table->mask) {
        hash_resize(table, (table->mask + 1) * 2);
    }
    hash_move_some(table);
    chain = hash_chain(table, hash);
    link->hash = hash;
    link->next = *chain;
    *chain = link;
    table->count++;
}

static inline void hash_remove(HashTable *table, HashLink *link)
{
    HashLink **at = hash_chain(table, link->hash);

    while (*at != link) {
        at = &(*at)->next;
    }
    *at = link->next;
    link->next = NULL;
    table->count--;
    if (!table->old && table->mask >= HASH_MIN_SLOTS &&
        table->count < table->mask / 8) {
        hash_resize(table, (table->mask + 1) / 2);
    }
    hash_move_some(table);
}

#endif

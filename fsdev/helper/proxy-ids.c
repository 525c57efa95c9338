/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Numbers for objects: see proxy-ids.h.
 *
 * One mutex guards the slots, the list of free slots that they form, and the
 * hash table from object to slot.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/helper/proxy-ids.h"
#include "fsdev/proxy/proxy-proto.h"

#define NO_SLOT UINT32_MAX

typedef struct Slot {
    FsNode *node;               /* counted; NULL: free */
    uint32_t uses;              /* how many objects it has been used for */
    uint32_t refs;              /* references of the client */
    uint32_t next_free;
} Slot;

struct ProxyIds {
    GMutex lock;
    FsNode *root;               /* counted */
    GArray *slots;              /* of Slot */
    GHashTable *by_node;        /* FsNode → slot number + 1 */
    uint32_t first_free;
    uint32_t max;
};

ProxyIds *proxy_ids_new(FsNode *root, uint32_t max)
{
    ProxyIds *ids = g_new0(ProxyIds, 1);

    g_mutex_init(&ids->lock);
    ids->root = fs_node_ref(root);
    ids->slots = g_array_new(false, true, sizeof(Slot));
    ids->by_node = g_hash_table_new(NULL, NULL);
    ids->first_free = NO_SLOT;
    ids->max = max;
    return ids;
}

void proxy_ids_free(ProxyIds *ids)
{
    for (guint i = 0; i < ids->slots->len; i++) {
        fs_node_unref(g_array_index(ids->slots, Slot, i).node);
    }
    fs_node_unref(ids->root);
    g_hash_table_destroy(ids->by_node);
    g_array_free(ids->slots, true);
    g_mutex_clear(&ids->lock);
    g_free(ids);
}

/* Never PROXY_ROOT_ID, as "uses" of a slot in use is at least 1. */
static uint64_t id_of(const ProxyIds *ids, uint32_t slot)
{
    return (uint64_t)g_array_index(ids->slots, Slot, slot).uses << 32 | slot;
}

/* Locked.  NULL unless an object has the number @id. */
static Slot *slot_of(ProxyIds *ids, uint64_t id)
{
    uint32_t n = (uint32_t)id;
    Slot *slot;

    if (n >= ids->slots->len) {
        return NULL;
    }
    slot = &g_array_index(ids->slots, Slot, n);
    return slot->node && slot->uses == id >> 32 ? slot : NULL;
}

/* Locked.  NO_SLOT at the limit. */
static uint32_t slot_take(ProxyIds *ids, FsNode *node)
{
    uint32_t n = ids->first_free;
    Slot *slot;

    if (n == NO_SLOT) {
        n = ids->slots->len;
        if (n >= ids->max) {
            return NO_SLOT;
        }
        g_array_set_size(ids->slots, n + 1);
        slot = &g_array_index(ids->slots, Slot, n);
    } else {
        slot = &g_array_index(ids->slots, Slot, n);
        ids->first_free = slot->next_free;
    }
    slot->node = fs_node_ref(node);
    slot->uses = slot->uses == UINT32_MAX ? 1 : slot->uses + 1;
    slot->refs = 0;
    g_hash_table_insert(ids->by_node, node, GUINT_TO_POINTER(n + 1));
    return n;
}

int proxy_ids_give(ProxyIds *ids, FsNode *node, uint64_t *id)
{
    uint32_t n;
    int ret = 0;

    g_mutex_lock(&ids->lock);
    n = GPOINTER_TO_UINT(g_hash_table_lookup(ids->by_node, node)) - 1;
    if (n == NO_SLOT) {
        n = slot_take(ids, node);
    }
    if (n == NO_SLOT || g_array_index(ids->slots, Slot, n).refs == UINT32_MAX) {
        ret = -ENFILE;
    } else {
        g_array_index(ids->slots, Slot, n).refs++;
        *id = id_of(ids, n);
    }
    g_mutex_unlock(&ids->lock);
    return ret;
}

FsNode *proxy_ids_get(ProxyIds *ids, uint64_t id)
{
    FsNode *node = NULL;
    Slot *slot;

    if (id == PROXY_ROOT_ID) {
        return fs_node_ref(ids->root);
    }
    g_mutex_lock(&ids->lock);
    slot = slot_of(ids, id);
    if (slot) {
        node = fs_node_ref(slot->node);
    }
    g_mutex_unlock(&ids->lock);
    return node;
}

bool proxy_ids_forget(ProxyIds *ids, uint64_t id, uint32_t count)
{
    FsNode *unused = NULL;
    Slot *slot;
    bool known;

    g_mutex_lock(&ids->lock);
    slot = slot_of(ids, id);
    known = slot && count && count <= slot->refs;
    if (known) {
        slot->refs -= count;
    }
    if (known && !slot->refs) {
        unused = g_steal_pointer(&slot->node);
        g_hash_table_remove(ids->by_node, unused);
        slot->next_free = ids->first_free;
        ids->first_free = (uint32_t)id;
    }
    g_mutex_unlock(&ids->lock);
    fs_node_unref(unused);
    return known;
}

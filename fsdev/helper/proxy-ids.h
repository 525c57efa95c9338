/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The numbers by which virtfs-proxy-helper and its client identify objects.
 *
 * Each reply with the number of an object counts as a reference.  The object is
 * kept, and keeps its number, until FORGET requests have dropped all of them.
 * A number consists of the index of a slot in a table and of how often that
 * slot has been used, so that a stale or invented number is detected.
 * Context: any thread; freeing the last reference may close descriptors.
 */
#ifndef FSDEV_PROXY_IDS_H
#define FSDEV_PROXY_IDS_H

#include "fsdev/core/fsdriver.h"

typedef struct ProxyIds ProxyIds;

/** proxy_ids_new: at most @max numbers; @root is PROXY_ROOT_ID (counted). */
ProxyIds *proxy_ids_new(FsNode *root, uint32_t max);
void proxy_ids_free(ProxyIds *ids);
/**
 * proxy_ids_give: the number of @node, with one more reference.  -ENFILE at the
 * limit.
 */
int proxy_ids_give(ProxyIds *ids, FsNode *node, uint64_t *id);
/** proxy_ids_get: the object, counted; NULL if no object has that number. */
FsNode *proxy_ids_get(ProxyIds *ids, uint64_t id);
/** proxy_ids_forget: drop @count references; false if there are not as many. */
bool proxy_ids_forget(ProxyIds *ids, uint64_t id, uint32_t count);

#endif

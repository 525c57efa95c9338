/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The numbers that virtfs-proxy-helper tells its peer for objects.
 *
 * An object that was told keeps its number, and is kept, until it has been
 * forgotten as often as it was told.  A number says which slot of a table it
 * is and how often that slot was used, so an old or invented one is noticed.
 * Context: any thread; freeing the last reference may close descriptors.
 */
#ifndef FSDEV_PROXY_IDS_H
#define FSDEV_PROXY_IDS_H

#include "fsdev/core/fsdriver.h"

typedef struct ProxyIds ProxyIds;

/** proxy_ids_new: at most @max numbers; @root is PROXY_ROOT_ID (counted). */
ProxyIds *proxy_ids_new(FsNode *root, uint32_t max);
void proxy_ids_free(ProxyIds *ids);
/** proxy_ids_tell: the number of @node, once more.  -ENFILE at the limit. */
int proxy_ids_tell(ProxyIds *ids, FsNode *node, uint64_t *id);
/** proxy_ids_get: counted, NULL for what is nobody's number. */
FsNode *proxy_ids_get(ProxyIds *ids, uint64_t id);
/** proxy_ids_forget: false when it was not told that often. */
bool proxy_ids_forget(ProxyIds *ids, uint64_t id, uint32_t count);

#endif

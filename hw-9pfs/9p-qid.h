/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From host identity (device, inode number) to the 64 bits of a qid path.
 *
 * A guest sees one device per mount, so inode numbers of several host file
 * systems below one export have to be told apart; multidevs= says how.  A map
 * belongs to a session and never forgets, so qids are stable while mounted.
 * Context: any thread; never blocks for long.
 */
#ifndef HW_9PFS_9P_QID_H
#define HW_9PFS_9P_QID_H

#include "fsdev/core/fsdriver.h"
#include "9p-codec.h"

typedef struct P9QidMap P9QidMap;

/**
 * p9_qid_map_new: with the policy and the cache hint of @config; the root's
 * device is learned from the first qid made.
 */
P9QidMap *p9_qid_map_new(const FsConfig *config);
void p9_qid_map_free(P9QidMap *map);

/**
 * p9_qid_path: the path for an inode.
 *
 * Distinct (@dev, @ino) get distinct paths.  -ENODEV when @dev is not the
 * root's and the policy forbids it; -ENFILE when the map is full.
 */
int p9_qid_path(P9QidMap *map, uint64_t dev, uint64_t ino, uint64_t *path);

/** p9_qid_from_attr: the qid of an object with these attributes. */
int p9_qid_from_attr(P9QidMap *map, const FsAttr *attr, P9Qid *qid);

#endif

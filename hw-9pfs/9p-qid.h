/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the identity of a host inode (device, number) to the path of a qid.
 *
 * A Linux guest shows the host's inode number for every object on the device of
 * the exported directory, in stat(2) and in listings.
 *
 * A guest sees one device for each mount.  If an export contains several file
 * systems, inodes with the same number must get different paths; the option
 * multidevs= tells how.  A map belongs to a session and keeps all its entries,
 * so a qid stays the same while the guest has the export mounted.
 * Context: any thread; never blocks for long.
 */
#ifndef HW_9PFS_9P_QID_H
#define HW_9PFS_9P_QID_H

#include "fsdev/core/fsdriver.h"
#include "9p-codec.h"

typedef struct P9QidMap P9QidMap;

/**
 * p9_qid_map_new: a map with the multidevs policy and the cache hint of
 * @export (borrowed).  The device of the first qid is taken for that of the
 * root.
 */
P9QidMap *p9_qid_map_new(FsExport *export);
void p9_qid_map_free(P9QidMap *map);

/**
 * p9_qid_path: the path for an inode, or for one of several objects that have
 * its numbers: that with the number @twin unless 0, see FsAttr.
 *
 * Different inodes get different paths, unless the policy is "warn".  -ENODEV
 * if @dev is not the root's device and the policy forbids that; -ENFILE if the
 * map is full.
 */
int p9_qid_path(P9QidMap *map, uint64_t dev, uint64_t ino, uint64_t twin,
                uint64_t *path);

/**
 * p9_qid_keep: let the object have @path from now on, by which a client knows
 * it from another session.
 *
 * No other object gets this path.  False, and nothing is changed, if the object
 * or the path was in such a call before.
 */
bool p9_qid_keep(P9QidMap *map, uint64_t dev, uint64_t ino, uint64_t twin,
                 uint64_t path);
/** p9_qid_forget_kept: undo all these calls, for a client that starts anew. */
void p9_qid_forget_kept(P9QidMap *map);

/** p9_qid_from_attr: the qid of an object with these attributes. */
int p9_qid_from_attr(P9QidMap *map, const FsAttr *attr, P9Qid *qid);

/** p9_qid_readdir_flags: what fs_readdir() must tell of each entry. */
unsigned p9_qid_readdir_flags(const P9QidMap *map);
/**
 * p9_qid_from_dirent: the qid of a directory entry, without its version.
 *
 * @entry was listed with p9_qid_readdir_flags().  An entry for which
 * p9_qid_path() fails is listed nevertheless, with the host's inode number: the
 * guest learns the error when it uses the entry.
 */
P9Qid p9_qid_from_dirent(P9QidMap *map, const FsDirent *entry);

#endif

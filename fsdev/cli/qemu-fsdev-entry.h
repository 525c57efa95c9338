/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The entries of the registry, for the files of fsdev/cli.
 *
 * Context of all functions: main loop, BQL held.
 */
#ifndef FSDEV_QEMU_FSDEV_ENTRY_H
#define FSDEV_QEMU_FSDEV_ENTRY_H

typedef struct FsdevEntry FsdevEntry;

/** qemu_fsdev_find: borrowed; NULL if there is no fsdev @id. */
FsdevEntry *qemu_fsdev_find(const char *id);
/** qemu_fsdev_get: the same; *@errp is set to a message that lists the ids. */
FsdevEntry *qemu_fsdev_get(const char *id, Error **errp);
/**
 * qemu_fsdev_change: change @entry by the options readonly, locks, max_*,
 * throttling.* and, while no device uses it, path.
 *
 * What is not among @opts stays as it is.  Returns false with *@errp set, and
 * nothing changed, if that is not possible.
 */
bool qemu_fsdev_change(FsdevEntry *entry, QemuOpts *opts, Error **errp);
/** qemu_fsdev_remove: free @entry; false with *@errp set if it is in use. */
bool qemu_fsdev_remove(FsdevEntry *entry, Error **errp);

#endif

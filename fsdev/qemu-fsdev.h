/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What -fsdev and -virtfs mean: the registry of configured exports.
 *
 * The command line code (system/vl.c) turns options into entries here before
 * any device exists; the virtio-9p device opens an entry by its id when it is
 * realized.  Everything runs in the main loop with the BQL held.  Targets
 * without virtio-9p link qemu-fsdev-dummy.c, which has the part that the
 * command line code needs.
 */
#ifndef FSDEV_QEMU_FSDEV_H
#define FSDEV_QEMU_FSDEV_H

/* As in qemu/typedefs.h and fsdriver.h: the command line code needs neither */
typedef struct FsExport FsExport;

/**
 * qemu_fsdev_add: check one entry of the "fsdev" option group and register it.
 *
 * The exported directory is not looked at: it may appear later, before the
 * device does.  Returns 0, or -1 with *@errp set.
 */
int qemu_fsdev_add(QemuOpts *opts, Error **errp);

/**
 * qemu_fsdev_from_virtfs: turn one entry of the "virtfs" option group into an
 * entry of the group "fsdev" and one of the group "device".
 *
 * The fsdev's id is the entry's id or else its mount tag.  On success the
 * entry is consumed: @virtfs is taken off its group and freed, so that calling
 * this for every entry that is still in the group translates what came from
 * -readconfig and nothing twice (qemu_opts_foreach() allows that).
 * Returns 0, or -1 with *@errp set and the three groups as they were.
 */
int qemu_fsdev_from_virtfs(QemuOpts *virtfs, Error **errp);

/**
 * qemu_fsdev_print_help: answer "-fsdev help" and "-fsdev DRIVER,help".
 *
 * @optarg is the argument of -fsdev or -virtfs.  Returns true when it asked
 * for help, which has then been printed to stdout: the caller exits with 0.
 */
bool qemu_fsdev_print_help(const char *optarg);

/* The rest is for devices and exists only where CONFIG_FSDEV_9P is set. */

/** qemu_fsdev_exists: is there an fsdev @id (NULL: no). */
bool qemu_fsdev_exists(const char *id);

/**
 * qemu_fsdev_list_ids: all ids, separated by ", ", for messages; "" if none.
 *
 * Returns a new string.
 */
char *qemu_fsdev_list_ids(void);

/**
 * qemu_fsdev_open: the export of fsdev @id, opened at first use and shared by
 * all devices on that fsdev.
 *
 * Returns a counted export for qemu_fsdev_close(), or NULL with *@errp set to
 * a message that names @id.  May block: it opens the exported directory.
 */
FsExport *qemu_fsdev_open(const char *id, Error **errp);

/**
 * qemu_fsdev_close: give back what qemu_fsdev_open() returned; the last one
 * closes the export.  NULL is allowed.  May block.
 */
void qemu_fsdev_close(FsExport *export);

#endif

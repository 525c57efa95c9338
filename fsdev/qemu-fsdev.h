/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The registry of the exports that are configured by -fsdev and -virtfs.
 *
 * The command line code (system/vl.c) creates entries from the options before
 * devices are created; the virtio-9p device opens an entry by its id when it is
 * realized.  Context: main loop, BQL held.  Targets without virtio-9p link
 * qemu-fsdev-dummy.c, which has the functions that the command line code calls.
 */
#ifndef FSDEV_QEMU_FSDEV_H
#define FSDEV_QEMU_FSDEV_H

/* As in fsdriver.h, which the command line code does not include */
typedef struct FsExport FsExport;

/**
 * qemu_fsdev_add: check one entry of the "fsdev" option group and register it.
 *
 * The exported directory is not accessed, as it need not exist before a device
 * uses it.  Returns 0, or -1 with *@errp set.
 */
int qemu_fsdev_add(QemuOpts *opts, Error **errp);

/**
 * qemu_fsdev_from_virtfs: turn one entry of the "virtfs" option group into an
 * entry of the group "fsdev" and one of the group "device".
 *
 * The fsdev's id is the entry's id, or its mount tag if it has none.  On
 * success @virtfs is removed from its group and freed.  So the function can be
 * called for all entries that are left in the group, those of -readconfig, and
 * translates none of them twice (qemu_opts_foreach() allows that).
 * Returns 0, or -1 with *@errp set and the three groups unchanged.
 */
int qemu_fsdev_from_virtfs(QemuOpts *virtfs, Error **errp);

/**
 * qemu_fsdev_print_help: print the help of "-fsdev help" and
 * "-fsdev DRIVER,help" to stdout.
 *
 * @optarg is the argument of -fsdev or -virtfs.  Returns true if it requests
 * help; then the caller exits with status 0.
 */
bool qemu_fsdev_print_help(const char *optarg);

/**
 * qemu_fsdev_check_text: check the names of the options in @optarg, the
 * argument of -fsdev or -virtfs (@group: without "-"), before it is parsed.
 *
 * The parser of the group refuses an unknown name as well, but knows neither
 * which names there are nor that a comma in a path makes two options of it.
 * Returns false with *@errp set.
 */
bool qemu_fsdev_check_text(const char *group, const char *optarg,
                           Error **errp);

/* The rest is for devices and only exists if CONFIG_FSDEV_9P is set. */

/**
 * qemu_fsdev_model_name, qemu_fsdev_multidevs_name: the word of -fsdev for an
 * FsSecurityModel or an FsMultidevs.
 */
const char *qemu_fsdev_model_name(int model);
const char *qemu_fsdev_multidevs_name(int multidevs);

/** qemu_fsdev_exists: whether there is an fsdev @id; false for NULL. */
bool qemu_fsdev_exists(const char *id);

/**
 * qemu_fsdev_list_ids: all ids, separated by ", ", for messages; may be empty.
 *
 * Returns a new string.
 */
char *qemu_fsdev_list_ids(void);

/**
 * qemu_fsdev_open: the export of fsdev @id, which is opened at first use and
 * shared by all devices of that fsdev.
 *
 * @user says in messages who uses it, for example "mount tag 'x'".
 * Returns a counted export to be closed by qemu_fsdev_close(), or NULL with
 * *@errp set to a message that names @id.  May block, as it opens the exported
 * directory.
 */
FsExport *qemu_fsdev_open(const char *id, const char *user, Error **errp);

/**
 * qemu_fsdev_close: drop a reference of qemu_fsdev_open() by the same @user.
 *
 * The last one closes the export.  @export may be NULL.  May block.
 */
void qemu_fsdev_close(FsExport *export, const char *user);

#endif

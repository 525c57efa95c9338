/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Questions to the table of options: which driver takes what, help.
 *
 * For the files of fsdev/ that deal with the command line; main thread.
 */
#ifndef FSDEV_QEMU_FSDEV_OPTIONS_H
#define FSDEV_QEMU_FSDEV_OPTIONS_H

/**
 * qemu_fsdev_check_driver: is there a driver @name (NULL: not given)?
 *
 * Returns false with *@errp naming the drivers that there are.
 */
bool qemu_fsdev_check_driver(const char *name, Error **errp);

/**
 * qemu_fsdev_check_options: does @driver, a known one, use every option that
 * is set in @opts?
 *
 * Returns false with *@errp naming the option and those that it uses.
 */
bool qemu_fsdev_check_options(QemuOpts *opts, const char *driver,
                              Error **errp);

#endif

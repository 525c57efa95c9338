/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Checks of the options of each driver.
 *
 * Private to fsdev/cli.  Context: main thread.
 */
#ifndef FSDEV_QEMU_FSDEV_OPTIONS_H
#define FSDEV_QEMU_FSDEV_OPTIONS_H

/**
 * qemu_fsdev_check_driver: check that the driver @name exists; NULL if the user
 * specified no driver.
 *
 * Returns false with *@errp set to a message that lists all drivers.
 */
bool qemu_fsdev_check_driver(const char *name, Error **errp);

/**
 * qemu_fsdev_check_options: check that @driver, which must exist, has all
 * options that are set in @opts.
 *
 * Returns false with *@errp set to a message that names the option and lists
 * those of the driver.
 */
bool qemu_fsdev_check_options(QemuOpts *opts, const char *driver,
                              Error **errp);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The list of drivers for -fsdev.
 *
 * It is not in fsdriver.c so that a program can be linked with a single driver.
 * Context: any thread.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/core/fsdriver.h"

static const FsDriver *const fs_drivers[] = {
    &fs_local_driver,
    &fs_proxy_driver,
    &fs_synth_driver,
};

const FsDriver *fs_driver_nth(unsigned n)
{
    return n < ARRAY_SIZE(fs_drivers) ? fs_drivers[n] : NULL;
}

const FsDriver *fs_driver_find(const char *name)
{
    for (unsigned i = 0; i < ARRAY_SIZE(fs_drivers); i++) {
        if (!strcmp(fs_drivers[i]->name, name)) {
            return fs_drivers[i];
        }
    }
    return NULL;
}

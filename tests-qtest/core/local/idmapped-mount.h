/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A tmpfs that the kernel has mounted with a map of ids (Linux 6.3), to compare
 * with.  Needs root and a mount name space, see local_separate_mounts().
 */
#ifndef TESTS_CORE_IDMAPPED_MOUNT_H
#define TESTS_CORE_IDMAPPED_MOUNT_H

#include "fsdev/core/p9-osdep.h"

typedef struct IdmappedMount {
    int fd;                     /* the root of the mount, owner 0 through it */
    char *plain;                /* the same directory, without the map */
    pid_t pid;                  /* of the owner of the user name space */
} IdmappedMount;

/**
 * idmapped_mount_open: the ids from 0 of this process are those from @base in
 * the file system, @count of them.  False after g_test_skip().
 */
bool idmapped_mount_open(IdmappedMount *m, uint32_t base, uint32_t count);
void idmapped_mount_close(IdmappedMount *m);
/**
 * idmapped_mount_put: make @name, which belongs to @id in the file system.  A
 * directory contains a file "in", which belongs to the first mapped id.
 */
void idmapped_mount_put(IdmappedMount *m, const char *name, uint32_t id,
                        mode_t mode);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What tells one object of the host from another.
 *
 * On most file systems that is the pair of device and inode number.  Others
 * show the same pair for several objects, or numbers that change.  There a file
 * handle (name_to_handle_at(2)) is the next best, and takes no privilege; it is
 * only compared here and never opened.
 * Context: any thread.
 */
#ifndef FSDEV_HOST_IDENTITY_H
#define FSDEV_HOST_IDENTITY_H

#include "fsdev/core/p9-osdep.h"

/**
 * host_numbers_tell: does the pair of device and inode number belong to one
 * object on the file system of @fd?  May hang if that does not respond.
 */
bool host_numbers_tell(int fd);

typedef enum HostHandleKind {
    HOST_HANDLE_NONE,           /* the file system has none */
    HOST_HANDLE_HINT,           /* the same object has the same one */
    HOST_HANDLE_PROOF,          /* … and no other that is in use has it */
} HostHandleKind;

/**
 * host_handle: set *@hash to a hash of the file handle of the object of @fd,
 * any descriptor.  It is not 0, except for HOST_HANDLE_NONE.  Never hangs.
 */
HostHandleKind host_handle(int fd, uint64_t *hash);

#endif

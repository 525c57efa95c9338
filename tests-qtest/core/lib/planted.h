/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An imitation of /proc/self/fd that a guest has made in a directory that is
 * the root directory of a server: "N" is a symbolic link to a file there with
 * extended attributes of its own.  A server that trusts the path accesses this
 * victim instead of the object of its descriptor N.
 */
#ifndef TESTS_CORE_PLANTED_H
#define TESTS_CORE_PLANTED_H

#include "fsdev/core/p9-osdep.h"

/* The victim's only attribute, with the value "secret". */
#define PLANTED_ATTR "user.victim"

/**
 * planted_make: make it all in @dirfd, and one object of each type below
 * planted_objects.  False, with nothing made, if the file system has no
 * user.* attributes or no ACLs.
 */
bool planted_make(int dirfd);
/** planted_check: fail the test if the victim was changed. */
void planted_check(int dirfd);
/** planted_remove: what planted_make() made. */
void planted_remove(int dirfd);

typedef struct PlantedObject {
    const char *name;
    mode_t mode;
    bool takes_user;            /* user.* attributes */
    bool takes_acl;
} PlantedObject;

/* Ends with an entry without a name. */
extern const PlantedObject planted_objects[];

/* The value of an ACL, system.posix_acl_access. */
extern const uint8_t planted_acl[44];

#endif

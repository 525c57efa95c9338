/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * asuser UID GID COMMAND ARGS...: runs a command as a user and group without
 * supplementary groups.  For the test guests, as busybox' su does not accept
 * numbers.  Single-threaded, linked statically.
 */
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    gid_t gid;
    uid_t uid;

    if (argc < 4) {
        fprintf(stderr, "usage: asuser UID GID COMMAND ARGS...\n");
        return 2;
    }
    uid = strtoul(argv[1], NULL, 10);
    gid = strtoul(argv[2], NULL, 10);
    if (setgroups(0, NULL) || setgid(gid) || setuid(uid)) {
        perror("asuser");
        return 2;
    }
    execvp(argv[3], argv + 3);
    perror(argv[3]);
    return 127;
}

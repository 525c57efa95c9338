/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an attacker who runs code in virtfs-proxy-helper can try, for each
 * system call that its filter allows.
 */
#ifndef TESTS_CORE_HELPER_ATTACK_H
#define TESTS_CORE_HELPER_ATTACK_H

#include "fsdev/core/p9-osdep.h"

/* Descriptors below this number are tried. */
#define ATTACK_FDS 128

/* What an attack is aimed at. */
typedef struct AttackTarget {
    const char *file;           /* absolute path outside of the export */
    const char *name;           /* of a file that does not exist beside it */
    pid_t victim;               /* a process of root outside */
    int sock;                   /* the connection to the client */
    uint64_t export_mnt;        /* mount id of the export */
} AttackTarget;

typedef struct Attack {
    const char *call;           /* a system call, as in host-calls.def */
    /* Returns true if it succeeded.  NULL: the call cannot harm others. */
    bool (*run)(const AttackTarget *target);
    const char *why;            /* the reason if there is no function */
} Attack;

/* Ends with an entry without a name. */
extern const Attack attacks[];

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The conformance suite: what every driver behind fsdriver.h must do.
 *
 * A subject is a driver in one configuration: how to open an export of it and
 * what it can do.  The suite is a table of named behaviours.  Each one that the
 * subject's capabilities allow becomes a GTest case PREFIX/BEHAVIOUR with an
 * export of its own.  The suite uses fsdriver.h only, and does not depend on
 * any particular driver.
 */
#ifndef TESTS_CORE_CONFORMANCE_H
#define TESTS_CORE_CONFORMANCE_H

#include "fsdev/core/fsdriver.h"

/* Capabilities of a subject; behaviours that need others are left out. */
enum {
    /* The tree starts empty and can be changed, or has the sample_* names. */
    CONF_WRITE = 1u << 0,
    CONF_SYMLINK = 1u << 1,
    CONF_HARD_LINK = 1u << 2,
    CONF_FIFO = 1u << 3,        /* FIFOs and sockets can be made */
    CONF_DEVICE = 1u << 4,      /* device nodes can be made */
    CONF_ANY_OWNER = 1u << 5,   /* keeps any owner that is set */
    CONF_OWNER_LOST = 1u << 6,  /* setting an owner succeeds without effect */
    CONF_SETID = 1u << 7,       /* has set-id bits, and drops them on writes */
    CONF_USER_XATTR = 1u << 8,
    CONF_ACL = 1u << 9,         /* system.posix_acl_* */
    CONF_READ_ONLY = 1u << 10,  /* refuses every change */
    /* A write keeps the set-group-id bit if the group may not execute. */
    CONF_SGID_MARK = 1u << 11,
    CONF_OWN_XATTR = 1u << 12,  /* own security.* and trusted.* attributes */
};

typedef struct ConformanceSubject {
    const char *prefix;         /* of the test paths, with leading '/' */
    unsigned caps;
    FsCred owner;               /* an owner that new objects can be given */
    uid_t maker;                /* the owner of those that are not given one */
    const char *sample_dir;     /* without CONF_WRITE: names in the root … */
    const char *sample_file;    /* … of a directory and a regular file */
    void *opaque;
    /* A new export; NULL after g_test_skip() if it cannot be opened here. */
    FsExport *(*open)(void *opaque);
    /* Called after each test, when the export is closed; may be NULL. */
    void (*done)(void *opaque);
} ConformanceSubject;

/** conformance_add: register all tests for @subject, which must stay valid. */
void conformance_add(const ConformanceSubject *subject);
/** conformance_count_fds: number of open descriptors of this process. */
unsigned conformance_count_fds(void);

#endif

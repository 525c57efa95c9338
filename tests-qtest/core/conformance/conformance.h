/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The conformance suite: what every driver behind fsdriver.h must do.
 *
 * A subject is a driver in one configuration: how to open an export of it and
 * what it can do.  The suite is a table of named behaviours; each that the
 * subject can show becomes one GTest case PREFIX/BEHAVIOUR on an export of its
 * own.  It uses nothing but fsdriver.h and knows no driver's name.
 */
#ifndef TESTS_CORE_CONFORMANCE_H
#define TESTS_CORE_CONFORMANCE_H

#include "fsdev/core/fsdriver.h"

/* What a subject can do; what it cannot is not asked of it. */
enum {
    CONF_WRITE = 1u << 0,       /* the tree starts empty and can be changed;
                                   without it, the sample_* names are there */
    CONF_SYMLINK = 1u << 1,
    CONF_HARD_LINK = 1u << 2,
    CONF_FIFO = 1u << 3,        /* FIFOs and sockets can be made */
    CONF_DEVICE = 1u << 4,      /* device nodes can be made */
    CONF_ANY_OWNER = 1u << 5,   /* keeps any owner it is given */
    CONF_OWNER_LOST = 1u << 6,  /* cannot keep them and does not mind */
    CONF_SETID = 1u << 7,       /* keeps set-id bits, and drops them */
    CONF_USER_XATTR = 1u << 8,
    CONF_ACL = 1u << 9,         /* system.posix_acl_* */
    CONF_READ_ONLY = 1u << 10,  /* refuses every change */
    CONF_SGID_MARK = 1u << 11,  /* a write keeps the set-group-id bit of what
                                   the group may not execute */
    CONF_OWN_XATTR = 1u << 12,  /* security.* and trusted.*, the guest's own */
};

typedef struct ConformanceSubject {
    const char *prefix;         /* of the test paths, with leading '/' */
    unsigned caps;
    FsCred owner;               /* may be given to what is made */
    uid_t maker;                /* who owns it if none is given */
    const char *sample_dir;     /* without CONF_WRITE: names in the root … */
    const char *sample_file;    /* … of a directory and a regular file */
    void *opaque;
    /* A new export.  NULL when the test cannot be run here and was skipped. */
    FsExport *(*open)(void *opaque);
    /* After each test; the export is closed. */
    void (*done)(void *opaque);
} ConformanceSubject;

/** conformance_add: register all tests for @subject, which must stay valid. */
void conformance_add(const ConformanceSubject *subject);
/** conformance_count_fds: open descriptors of this process. */
unsigned conformance_count_fds(void);

#endif
